"""Maps of rows: rows with similar vectors are close to each other."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from textclf.charts.fitting import short
from textclf.charts.glyphs import without_glyph_warnings
from textclf.charts.style import canvas, colors, panels

MIN_ROWS = 10  # with fewer there is nothing to see, and t-SNE's neighborhoods need some
LONGEST = 24  # characters of a name, as names hide dots
MAX_ROWS = 1000  # of more a sample is drawn: t-SNE's time grows faster than the rows, and dots hide each other


def sample(rows: int, seed: int) -> NDArray[np.int64]:
    """Return the positions of the rows to draw, in order: of all, or of `MAX_ROWS` that `seed` draws.

    >>> sample(3, seed=0).tolist(), len(sample(3000, seed=0))
    ([0, 1, 2], 1000)
    """
    if rows <= MAX_ROWS:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, MAX_ROWS, replace=False))


def place(vectors: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Return two coordinates a row by t-SNE (van der Maaten & Hinton 2008) of the 50 main components, seeded.

    Rows that are all alike, as after a training that collapsed, are at one point. On one thread, as sums over several
    can come out in another order.
    """
    if not np.ptp(vectors, axis=0).any():
        return np.zeros((len(vectors), 2), dtype=np.float32)  # t-SNE would divide by their spread, and crash
    with threadpool_limits(1):
        size = min(50, *vectors.shape)
        components = PCA(size, svd_solver="full").fit_transform(vectors)
        perplexity = min(30.0, (len(vectors) - 1) / 3)
        return np.asarray(TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(components))


def draw_map(points: NDArray[np.float32], predictions: pd.DataFrame, labels: list[str], rows: int) -> Figure:
    """Draw rows at `points`, shape (drawn rows, 2), colored by actual label; wrong predictions are ringed.

    A label's name is at the median of its rows, unless it would hide another. Where `rows`, the number of test rows, is
    larger, the title says so.
    """
    side = 8 + min(5, len(labels) / 15)
    drawn = "the test rows" if len(points) == rows else f"{len(points):,} of {rows:,} test rows"
    alike = "" if np.ptp(points, axis=0).any() else ": they are all alike"
    title = f"Map of {drawn} (t-SNE of the vectors before the output layer{alike})"
    figure, axes = canvas(side, side, title)
    names = _draw_points(axes, points, predictions["actual"], labels)
    wrong = (predictions["actual"] != predictions["predicted"]).to_numpy()
    legend = f"wrong ({wrong.mean():.1%} of {len(wrong):,})"
    ring = {"facecolors": "none", "edgecolors": "black", "linewidths": 0.6}
    axes.scatter(points[wrong, 0], points[wrong, 1], s=34, label=legend, **ring)  # type: ignore[arg-type]
    axes.axis("off")
    figure.legend(frameon=False, loc="outside lower center")
    _thin_out(figure, {axes: names}, len(labels))
    return figure


def draw_before_and_after(
    before: NDArray[np.float32], after: NDArray[np.float32], actual: "pd.Series[str]", labels: list[str], rows: int
) -> Figure:
    """Draw the same training rows at two lots of points, shape (drawn rows, 2), colored by label.

    On the left those of the frozen body's vectors, on the right those of the trained classifier's. `rows` is the number
    of all training rows.
    """
    side = 7 + min(4, len(labels) / 20)
    figure, both = panels(2 * side, side, ncols=2)
    drawn = "the training rows" if len(actual) == rows else f"{len(actual):,} of {rows:,} training rows"
    titles = f"Before training: {drawn} (t-SNE of the frozen body's vectors)", "After training: the same rows"
    names = {}
    for axes, points, title in zip(both, (before, after), titles, strict=True):
        axes.set_title(title)
        names[axes] = _draw_points(axes, points, actual, labels)
        axes.axis("off")
    _thin_out(figure, names, len(labels))
    return figure


def _draw_points(
    axes: Axes, points: NDArray[np.float32], labels_of_rows: "pd.Series[str]", labels: list[str]
) -> list[Text]:
    """Draw a dot a row, and each label's name at the median of its rows; return the names, of most dots first."""
    actual = labels_of_rows.map({name: number for number, name in enumerate(labels)}).to_numpy()
    axes.scatter(points[:, 0], points[:, 1], s=9, c=np.array(colors(len(labels)))[actual], linewidths=0)
    behind = {"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.6}
    numbers, counts = np.unique(actual, return_counts=True)
    names = []
    for number in numbers[np.argsort(-counts, kind="stable")]:
        x, y = np.median(points[actual == number], axis=0)
        name = short(labels[number], LONGEST)
        names.append(axes.text(x, y, name, fontsize=6.5, ha="center", va="center", bbox=behind))
    return names


def _thin_out(figure: Figure, drawn: dict[Axes, list[Text]], labels: int) -> None:
    """Remove names that would hide one before them; the title says how many of the `labels` names are left."""
    titles = {axes: axes.get_title(loc="left") for axes in drawn}
    for axes, title in titles.items():
        axes.set_title(f"{title}\n")  # room for what is said below: a line more would push names into each other
    with without_glyph_warnings():
        figure.draw_without_rendering()  # lays out
    for axes, names in drawn.items():
        left: list[Bbox] = []
        for name in names:
            box = name.get_window_extent()
            if box.count_overlaps(left):
                name.remove()
            else:
                left.append(box)
        said = f"\n{len(left)} of {labels} names, those that hide no name of a label with more dots"
        axes.set_title(titles[axes] + (said if len(left) < labels else ""))
