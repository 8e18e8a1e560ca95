"""A map of the test rows: rows with similar vectors are close to each other."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from textclf.charts.style import canvas, colours

MIN_ROWS = 10  # with fewer there is nothing to see, and t-SNE's neighbourhoods need some
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

    On one thread, as sums over several can come out in another order.
    """
    with threadpool_limits(1):
        size = min(50, *vectors.shape)
        components = PCA(size, svd_solver="full").fit_transform(vectors)
        perplexity = min(30.0, (len(vectors) - 1) / 3)
        return np.asarray(TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(components))


def draw_map(points: NDArray[np.float32], predictions: pd.DataFrame, labels: list[str], rows: int) -> Figure:
    """Draw rows at `points`, shape (drawn rows, 2), coloured by actual label; wrong predictions are ringed.

    Each label's name is at the median of its rows. Where `rows`, the number of test rows, is larger, the title says so.
    """
    side = 8 + min(5, len(labels) / 15)
    drawn = "the test rows" if len(points) == rows else f"{len(points):,} of {rows:,} test rows"
    figure, axes = canvas(side, side, f"Map of {drawn} (t-SNE of the vectors before the output layer)")
    actual = predictions["actual"].map({name: number for number, name in enumerate(labels)}).to_numpy()
    axes.scatter(points[:, 0], points[:, 1], s=9, c=np.array(colours(len(labels)))[actual], linewidths=0)
    wrong = (predictions["actual"] != predictions["predicted"]).to_numpy()
    legend = f"wrong ({wrong.mean():.1%} of {len(wrong):,})"
    ring = {"facecolors": "none", "edgecolors": "black", "linewidths": 0.6}
    axes.scatter(points[wrong, 0], points[wrong, 1], s=34, label=legend, **ring)  # type: ignore[arg-type]
    behind = {"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.6}
    for number in np.unique(actual):
        x, y = np.median(points[actual == number], axis=0)
        axes.text(x, y, labels[number], fontsize=6.5, ha="center", va="center", bbox=behind)
    axes.axis("off")
    figure.legend(frameon=False, loc="outside lower center")
    return figure
