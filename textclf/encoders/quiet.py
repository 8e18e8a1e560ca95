"""Silencing transformers: progress and mistakes are reported in our own words."""

import warnings

from transformers.utils import logging


def quiet_transformers() -> None:
    """Keep its errors; drop its advice, its table of newly made weights (the head's, as always) and its bars."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    # peft asks transformers by the old name; nothing that a user could do about it
    warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
