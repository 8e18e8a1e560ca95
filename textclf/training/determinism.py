"""Seeds and deterministic algorithms."""

import torch
import transformers


def set_seed(seed: int) -> None:
    """Seed Python, NumPy and PyTorch, and restrict PyTorch to deterministic algorithms."""
    transformers.set_seed(seed, deterministic=True)
    # It costs time, and nothing here reads such memory.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
