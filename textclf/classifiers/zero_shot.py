"""Method `zero_shot` leaves a frozen body with a linear layer on its vectors, as method `features` does."""

from textclf.classifiers.frozen_linear import Features as Features
