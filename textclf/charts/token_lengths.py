"""Lengths of texts: does max_length cut them, and are those of some labels longer?"""

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from textclf.charts.fitting import short
from textclf.charts.style import BLUE, MANY, ORANGE, SHOWN, canvas, mark_gap, panels, places


def draw_lengths(tokenized: pd.DataFrame, max_length: int) -> Figure:
    """Draw the distribution of `tokens` (before the cut), with a line at `max_length` and the share of cut rows."""
    figure, axes = canvas(9, 4, "Tokens a text, special tokens included", "tokens", "texts")
    tokens = tokenized["tokens"].to_numpy()
    end = max(int(np.quantile(tokens, 0.995)), max_length) * 1.05
    width = math.ceil(end / 75)  # tokens a bar, whole
    longest = math.ceil(end / width) * width
    axes.hist(np.clip(tokens, 0, longest), bins=[0.5 + edge for edge in range(0, longest + width, width)], color=BLUE)
    cut = f"max_length = {max_length}: {tokenized['truncated'].mean():.1%} of the texts are cut"
    axes.axvline(max_length, color=ORANGE, linestyle="--", label=cut)
    if tokens.max() > longest:
        axes.plot([], [], " ", label=f"longest: {tokens.max():,} tokens (counted in the last bar)")
    axes.set_xlim(0, longest + width)
    axes.legend(frameon=False)
    return figure


def draw_lengths_by_label(lengths: pd.DataFrame) -> Figure:
    """Draw a box for the lengths of each label's texts (columns `label`, `words`, `tokens`), the longest on top.

    A box holds the middle half of the texts, its line is the median, its whiskers end at 5% and 95%. Of more than
    `MANY` labels, the longest and the shortest are drawn.
    """
    medians = lengths.groupby("label")[["words", "tokens"]].median()
    order = medians.sort_values(["words", "tokens"], ascending=False, kind="stable").index.tolist()
    title, left_out = "Lengths by label", 0
    if len(order) > MANY:
        title += f"\nthe {SHOWN // 2} longest and the {SHOWN // 2} shortest of {len(order)} labels; ties by name"
        left_out = len(order) - SHOWN
        order = order[: SHOWN // 2] + order[-(SHOWN // 2) :]
    groups = dict(tuple(lengths[lengths["label"].isin(order)].groupby("label")))
    where = places(len(order), left_out)
    figure, both = panels(11, 1.82 + 0.22 * where[-1], ncols=2, sharey=True)
    box: dict[str, Any] = {"boxprops": {"facecolor": "#d5e3f3", "edgecolor": BLUE}, "medianprops": {"color": ORANGE}}
    for axes, column in zip(both, ("words", "tokens"), strict=True):
        values = [groups[label][column].to_numpy() for label in order]
        axes.boxplot(
            values, positions=where, widths=0.6, orientation="horizontal", whis=(5, 95), showfliers=False,
            patch_artist=True, manage_ticks=False, **box,
        )  # fmt: skip
        mark_gap(axes, len(order), left_out)
        axes.set(xlabel=column, xlim=(0, None))
        axes.grid(axis="y", visible=False)
        axes.tick_params(axis="y", length=0, labelsize=9)
    both[0].set(title=title, ylim=(where[-1] + 0.6, -0.6))
    both[0].set_yticks(where, [short(label) for label in order])
    both[1].set_title("boxes: the middle half; whiskers: 5% and 95%", fontsize=9)
    return figure
