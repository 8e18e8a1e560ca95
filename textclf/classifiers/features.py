"""Method `features` leaves a frozen body with a linear layer on its vectors."""

from textclf.classifiers.frozen_linear import Features as Features
