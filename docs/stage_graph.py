"""Draws the picture of the stages as SVG for the site: GitHub draws a Mermaid block by itself, a page needs a script.

An arrow is left out where a longer way leads to the same stage, so that the picture stays readable.
"""

import re
from html import escape
from typing import Any

WIDTH, HEIGHT, COLUMN, ROW = 104, 34, 132, 66  # of a box, and from box to box

Edge = tuple[str, str]


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace each Mermaid block of a page by its picture; mkdocs calls this for every page."""
    return re.sub(r"```mermaid\n(.*?)```", lambda block: draw(block[1]), markdown, flags=re.S)


def read_graph(mermaid: str) -> tuple[list[str], list[Edge]]:
    """Return the names of the nodes and the edges between them.

    >>> read_graph('flowchart TD\\n\\tnode1["train"]\\n\\tnode2["plot"]\\n\\tnode1-->node2')
    (['train', 'plot'], [('train', 'plot')])
    """
    names = dict(re.findall(r'(\w+)\["(.+?)"\]', mermaid))
    return list(names.values()), [(names[a], names[b]) for a, b in re.findall(r"(\w+)-->(\w+)", mermaid)]


def draw(mermaid: str) -> str:
    """Return the graph as SVG, its first nodes on top."""
    names, edges = read_graph(mermaid)
    depth: dict[str, int] = {}

    def layer(name: str) -> int:
        if name not in depth:
            depth[name] = 1 + max((layer(a) for a, b in edges if b == name), default=-1)
        return depth[name]

    ways = [edge for edge in edges if not _detour(edge, edges)]
    rows: list[list[str]] = [[] for _ in range(1 + max(layer(name) for name in names))]
    for name in sorted(names):
        rows[layer(name)].append(name)
    for a, b in ways:  # where a way passes a layer, it takes a place there as a box would
        for between in range(layer(a) + 1, layer(b)):
            rows[between].append(f"{a}-->{b}")
    broadest = max(map(len, rows))
    place: dict[tuple[str, int], tuple[float, float]] = {}
    for number, row in enumerate(rows):
        for position, name in enumerate(row):
            left = (broadest - len(row)) / 2 + position
            place[name, number] = (COLUMN * (left + 0.5), ROW * number + ROW / 2)
    lines = [_line([place[a, layer(a)], *_passed(a, b, place, layer), place[b, layer(b)]]) for a, b in ways]
    boxes = [_box(name, *place[name, layer(name)]) for name in names]
    size = f"{COLUMN * broadest} {ROW * len(rows)}"
    marker = '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    tip = f'<defs>{marker}<path d="M0 0L8 4L0 8z"/></marker></defs>'
    title = f"<title>{escape(' -> '.join(', '.join(n for n in row if n in names) for row in rows))}</title>"
    parts = "".join([title, tip, *lines, *boxes])
    return f'<svg class="stages" role="img" viewBox="0 0 {size}" width="{COLUMN * broadest}">{parts}</svg>'


def _detour(edge: Edge, edges: list[Edge]) -> bool:
    """Return whether a way over other nodes leads from the edge's start to its end."""
    reached, waiting = set(), [b for a, b in edges if a == edge[0] and b != edge[1]]
    while waiting:
        node = waiting.pop()
        reached.add(node)
        waiting += [b for a, b in edges if a == node and b not in reached]
    return edge[1] in reached


def _passed(a: str, b: str, place: dict[tuple[str, int], tuple[float, float]], layer: Any) -> list[tuple[float, float]]:
    return [place[f"{a}-->{b}", between] for between in range(layer(a) + 1, layer(b))]


def _line(points: list[tuple[float, float]]) -> str:
    """Return a smooth line from the bottom of the first box to the top of the last."""
    (x, y), *further = points
    path = f"M{x:g} {y + HEIGHT / 2:g}"
    y += HEIGHT / 2
    for number, (to_x, to_y) in enumerate(further, 1):
        end = to_y - HEIGHT / 2 if number == len(further) else to_y
        half = (y + end) / 2
        path += f"C{x:g} {half:g} {to_x:g} {half:g} {to_x:g} {end:g}"
        x, y = to_x, end
    return f'<path class="way" d="{path}" marker-end="url(#tip)"/>'


def _box(name: str, x: float, y: float) -> str:
    box = f'<rect x="{x - WIDTH / 2:g}" y="{y - HEIGHT / 2:g}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
    return f'{box}<text x="{x:g}" y="{y + 5:g}">{escape(name)}</text>'
