"""Advice on the method for so few training rows a label. It is printed, and changes nothing."""

import sys

from textclf.params import Params

BEST = "features, label names"  # by its name in docs/few-labels.md, whose measurements say so


def advise(params: Params, each: float) -> None:
    """Print a line unless the method is the one that was best with `each` training rows a label, which are few."""
    if each and not (params.method == "features" and params.features.prior == "label_names"):
        best = "method: features with features.prior: label_names"
        print(f"{each:.3g} training rows a label: {best} was best for so many; see docs/few-labels.md", file=sys.stderr)
