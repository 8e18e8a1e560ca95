"""Token lengths: does max_length cut texts?"""

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from textclf.charts.style import BLUE, ORANGE, canvas


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
