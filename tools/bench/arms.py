"""One way to train, in a process of its own: `python -m tools.bench.arms WAY STEPS FILE`, in a checkout with its data.

`notebook` and `run_classification` are what a user would write: transformers' Trainer with plain settings on the
pipeline's training rows. `ours` is the stage train itself. FILE gets the seconds of the steps.
"""

import runpy
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textclf.process import die_with_parent
from tools import command

if TYPE_CHECKING:
    from textclf.rows import Rows

LABELS, CHECKPOINT = Path("data/raw/labels.json"), Path("data/tokenized/checkpoint.json")
TRAIN, TOKENIZED = Path("data/splits/train.csv"), Path("data/tokenized/rows.parquet")

# The Trainer's defaults are batches of 8, fp32, lr 5e-5. run_classification.py pads to 128 tokens by default.
SETTINGS: dict[str, dict[str, Any]] = {
    "notebook": {"max_length": 64, "learning_rate": 2e-5, "weight_decay": 0.01, "warmup_steps": 0.1},
    "run_classification": {"max_length": 128},
}
OURS = "ours"
WAYS = (*SETTINGS, OURS)


def train_plainly(rows: "Rows", labels: int, checkpoint: Path, steps: int, max_length: int, **settings: Any) -> None:
    """Train for so many steps as the Trainer's documentation shows it; every text is padded to `max_length` tokens."""
    from datasets import Dataset
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, Trainer, TrainingArguments

    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    plain = Dataset.from_dict({"text": rows.texts, "label": rows.labels})
    options = {"padding": "max_length", "truncation": True, "max_length": max_length}
    tokenized = plain.map(lambda some: tokenizer(some["text"], **options), batched=True)
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=labels)
    with tempfile.TemporaryDirectory() as folder:
        # Only steps are timed, so nothing is evaluated or saved.
        arguments = TrainingArguments(folder, max_steps=steps, save_strategy="no", disable_tqdm=True, **settings)
        Trainer(model=model, args=arguments, train_dataset=tokenized, processing_class=tokenizer).train()


def train_ours() -> None:
    """Run the stage train as DVC does. It is run by name, since tools import no stage."""
    runpy.run_module("stages.train", run_name="__main__", alter_sys=True)


def run_way(way: str, steps: int) -> None:
    """Train by one of `WAYS`; `ours` trains whole epochs, the others `steps`."""
    if way == OURS:
        train_ours()
        return
    from textclf.encoders.checkpoints import Checkpoint, locate
    from textclf.rows import read_labels, read_rows, read_tokens

    labels = read_labels(LABELS)
    checkpoint = locate(Checkpoint.model_validate_json(CHECKPOINT.read_bytes()))
    train_plainly(read_rows(TRAIN, read_tokens(TOKENIZED), labels), len(labels), checkpoint, steps, **SETTINGS[way])


def main() -> None:
    """Train, and write the seconds."""
    die_with_parent()
    way, steps, file = sys.argv[1:]
    import torch

    from textclf.outputs import write_json
    from tools.bench.clock import start_clock

    timed = start_clock()
    run_way(way, int(steps))
    write_json(Path(file), {"steps": asdict(timed), "threads": torch.get_num_threads()})


if __name__ == "__main__":
    command.run(main)
