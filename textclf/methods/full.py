"""Full fine-tuning: the weights of the body, or of its upper layers, are trained, and faster those of the head."""

from textclf.training.fine_tuning import fine_tune
from textclf.training.task import Task, Trained


def train(task: Task) -> Trained:
    """Return the classifier of the best epoch and its learning curve."""
    return fine_tune(task, task.params.full.trained_layers)
