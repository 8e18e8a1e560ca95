"""Distillation leaves an ordinary Hugging Face classifier; see full.py."""

from textclf.classifiers.encoder import Encoder as Encoder
