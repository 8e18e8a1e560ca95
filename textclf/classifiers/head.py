"""A trained head leaves an ordinary Hugging Face classifier, body included; see full.py."""

from textclf.classifiers.encoder import Encoder as Encoder
