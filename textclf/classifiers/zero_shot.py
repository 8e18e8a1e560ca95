"""Zero-shot classification leaves a frozen body with a linear layer on its vectors, as method `features` does."""

from textclf.classifiers.features import Features as Features
