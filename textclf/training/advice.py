"""Advice on the method for so many training rows a label. It is printed, and changes nothing."""

import sys

from textclf.params import Params

# Up to so many rows a label: the way of training that was best on average (docs/few-labels.md has the measurement).
BEST = ((0.0, "zero_shot"), (30.0, "features, label names"))
SETTINGS = {"zero_shot": "method: zero_shot", "features, label names": "method: features with prior: label_names"}


def advise(params: Params, each: float) -> None:
    """Print a line if another method was better with `each` training rows a label, on average."""
    best = next((name for most, name in BEST if each <= most), None)
    if best is not None and best != chosen(params):
        rows = f"{each:.3g} training rows a label"
        print(f"{rows}: {SETTINGS[best]} was best for so many; see docs/few-labels.md", file=sys.stderr)


def chosen(params: Params) -> str:
    """Return the chosen way of training by its name in docs/few-labels.md."""
    named = params.method == "features" and params.features.prior == "label_names"
    return "features, label names" if named else params.method
