"""A trained head leaves an ordinary Hugging Face classifier, body included."""

from textclf.classifiers.encoder import Encoder as Encoder
