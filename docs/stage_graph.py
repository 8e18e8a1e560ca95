"""Draws the picture of the stages for the site as SVG. GitHub draws a Mermaid block itself; a page would need a script.

An arrow is left out if a longer way leads to the same stage, so that the picture stays readable.
"""

import re
from html import escape
from itertools import pairwise
from typing import Any

Edge = tuple[str, str]
Point = tuple[float, float]

WIDTH, HEIGHT = 104, 34  # of a box
COLUMN, ROW = 132, 66  # from box to box
TIP = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0L8 4L0 8z"/></marker></defs>'
)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace each Mermaid block of a page by its picture; mkdocs calls this for every page."""
    return re.sub(r"```mermaid\n(.*?)```", lambda block: draw(block[1]), markdown, flags=re.S)


def draw(mermaid: str) -> str:
    """Return the graph as SVG, its first nodes on top."""
    names = dict(re.findall(r'(\w+)\["(.+?)"\]', mermaid))
    edges = [(names[a], names[b]) for a, b in re.findall(r"(\w+)-->(\w+)", mermaid)]
    edges = [edge for edge in edges if not is_shortcut(edge, edges)]
    level = levels(sorted(names.values()), edges)
    rows: list[list[str]] = [[] for _ in range(1 + max(level.values()))]
    for name in level:
        rows[level[name]].append(name)
    ways = []
    for a, b in edges:  # a way that passes a row takes a place there as a box would
        passed = [f"{a} to {b}, {between}" for between in range(level[a] + 1, level[b])]
        for between, name in enumerate(passed, level[a] + 1):
            rows[between].append(name)
        ways.append([a, *passed, b])
    columns = max(map(len, rows))
    places = {
        name: (COLUMN * ((columns - len(row)) / 2 + position + 0.5), ROW * (number + 0.5))
        for number, row in enumerate(rows)
        for position, name in enumerate(row)
    }
    title = " -> ".join(", ".join(name for name in row if name in level) for row in rows)
    parts = [_way([places[name] for name in way]) for way in ways] + [_box(name, places[name]) for name in level]
    size = f'viewBox="0 0 {COLUMN * columns} {ROW * len(rows)}" width="{COLUMN * columns}"'
    return f'<svg class="stages" role="img" {size}><title>{escape(title)}</title>{TIP}{"".join(parts)}</svg>'


def is_shortcut(edge: Edge, edges: list[Edge]) -> bool:
    """Return whether a way over other nodes leads from the edge's start to its end.

    >>> is_shortcut(("a", "c"), [("a", "b"), ("b", "c"), ("a", "c")])
    True
    """
    reached, waiting = set(), [b for a, b in edges if a == edge[0] and b != edge[1]]
    while waiting:
        node = waiting.pop()
        reached.add(node)
        waiting += [b for a, b in edges if a == node and b not in reached]
    return edge[1] in reached


def levels(names: list[str], edges: list[Edge]) -> dict[str, int]:
    """Return how many nodes are at most on a way to each node.

    >>> levels(["a", "b", "c"], [("a", "b"), ("b", "c")])
    {'a': 0, 'b': 1, 'c': 2}
    """
    level = dict.fromkeys(names, 0)
    for _ in names:
        for a, b in edges:
            level[b] = max(level[b], level[a] + 1)
    return level


def _way(points: list[Point]) -> str:
    """Return a smooth line from the bottom of the first box to the top of the last."""
    (x, y), (to_x, to_y) = points[0], points[-1]
    points = [(x, y + HEIGHT / 2), *points[1:-1], (to_x, to_y - HEIGHT / 2)]
    path = f"M{x:g} {y + HEIGHT / 2:g}"
    for (x, y), (to_x, to_y) in pairwise(points):
        middle = (y + to_y) / 2
        path += f"C{x:g} {middle:g} {to_x:g} {middle:g} {to_x:g} {to_y:g}"
    return f'<path class="way" d="{path}" marker-end="url(#tip)"/>'


def _box(name: str, place: Point) -> str:
    x, y = place
    box = f'<rect x="{x - WIDTH / 2:g}" y="{y - HEIGHT / 2:g}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
    return f'{box}<text x="{x:g}" y="{y + 5:g}">{escape(name)}</text>'
