"""An exponential moving average of the weights, evaluated and kept in the place of the last ones."""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

LAST = "last_weights.safetensors"  # in a checkpoint, whose model file holds the average


def decay_at(step: int, decay: float) -> float:
    """Return the decay after `step` steps: smaller at first, so that the start is forgotten (as in TensorFlow).

    >>> [decay_at(step, 0.997) for step in (0, 90, 10_000)]
    [0.1, 0.91, 0.997]
    """
    return min(decay, (1 + step) / (10 + step))


class Ema(TrainerCallback):
    """Averages the weights that `optimizer` trains; between an epoch's end and the next one's start the model has them.

    So evaluation, the checkpoint and the best epoch's model are the average's. The checkpoint keeps the last weights
    too, from which training resumes bit for bit.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, decay: float) -> None:
        self.weights: list[torch.Tensor] = [p.detach() for group in optimizer.param_groups for p in group["params"]]
        self.decay = decay
        self.average: list[torch.Tensor] = []
        self.last: list[torch.Tensor] = []  # between two epochs

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Start from the model's weights, which in a resumed run are the average's."""
        self.average = _copies(self.weights)
        if state.global_step:
            kept = load_file(_checkpoint(args, state) / LAST)
            self.last = [kept[str(number)].to(weight.device) for number, weight in enumerate(self.weights)]

    def on_epoch_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Go on from the last weights."""
        if self.last:
            torch._foreach_copy_(self.weights, self.last)
            self.last = []

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Move the average towards the weights."""
        torch._foreach_lerp_(self.average, self.weights, 1 - decay_at(state.global_step, self.decay))

    def on_epoch_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Put the average in the weights' place."""
        self.last = _copies(self.weights)
        torch._foreach_copy_(self.weights, self.average)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Add the last weights, which all workers have alike, to the checkpoint."""
        if state.is_world_process_zero:
            weights = {str(number): weight for number, weight in enumerate(self.last)}
            save_file(weights, _checkpoint(args, state) / LAST)


def _checkpoint(args: TrainingArguments, state: TrainerState) -> Path:
    return Path(str(args.output_dir)) / f"checkpoint-{state.global_step}"


def _copies(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
    return [tensor.clone() for tensor in tensors]
