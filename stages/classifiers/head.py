"""A trained head leaves an ordinary Hugging Face classifier, body included."""

from stages.lib.encoders import load as load
