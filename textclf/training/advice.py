"""Advice on the method for so many training rows a label. It is printed, and changes nothing."""

import sys

from textclf.params import Params

SETTINGS = {"zero_shot": "method: zero_shot", "features, label names": "method: features with prior: label_names"}


def advise(params: Params, each: float) -> None:
    """Print a line if another method was better with `each` training rows a label, which are few, on average."""
    best = best_of(each)
    if best != chosen(params):
        rows = f"{each:.3g} training rows a label"
        print(f"{rows}: {SETTINGS[best]} was best for so many; see docs/few-labels.md", file=sys.stderr)


def best_of(each: float) -> str:
    """Return the way of training that was best on average with so few rows a label: docs/few-labels.md has which."""
    return "features, label names" if each else "zero_shot"


def chosen(params: Params) -> str:
    """Return the chosen way of training by its name in docs/few-labels.md."""
    named = params.method == "features" and params.features.prior == "label_names"
    return "features, label names" if named else params.method
