"""Distillation (Hinton et al. 2015): as method `full`, and the model also learns its teachers' probabilities.

Their mean at `distil.temperature` is the target of the share `distil.weight` of the loss, the labels that of the rest.
"""

from textclf.training.fine_tuning import fine_tune
from textclf.training.task import Task, Trained


def train(task: Task) -> Trained:
    """Return the classifier of the best epoch and its learning curve."""
    assert task.taught is not None, "the parameters ask for a teacher"
    return fine_tune(task, task.params.distil.trained_layers)
