"""Full fine-tuning leaves an ordinary Hugging Face classifier."""

from stages.lib.encoders import load as load
