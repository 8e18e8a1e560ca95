"""Training rows as people type them: changed anew in each epoch, or copies of them where nothing is fresh each epoch.

A text is changed, then prepared, then tokenized. What changes it comes from lists that the stage `robustness` doesn't
use. Draws depend on the seed, the row's id and the epoch or the copy, so runs repeat and resume bit for bit.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase, TrainerCallback, TrainerState

from textclf.changes.apply import CHANGES, apply_change
from textclf.changes.training import TRAINING
from textclf.params import Augment, Params
from textclf.preparation.preparation import Preparation
from textclf.rows import Rows, label_rows, new_rows
from textclf.training.probe_start import new_tokenizer
from textclf.training.task import Task

Changed = dict[int, NDArray[np.int32]]  # token ids of some rows, by position
Collate = Callable[[list[Any]], Any]


@dataclass(frozen=True)
class Augmentation:
    """What training rows are made of: `table` has id, raw text, label and parent, as the stage augment wrote it."""

    table: pd.DataFrame
    labels: list[str]
    prepare: Preparation
    tokenizer: PreTrainedTokenizerBase
    params: Params

    def extended(self, train: Rows) -> Rows:
        """Return the training rows, then further texts of them, then changed copies of both.

        Where rows are changed anew in each epoch, copies are still unchanged here; else a copy that no change hits is
        left out.
        """
        children = self.table[self.table["parent"] != ""]
        children = children.loc[np.repeat(children.index, children["label"].map(self._times))]
        own = self.table.set_index("id").loc[train.ids].reset_index()
        every = pd.concat([own, children], ignore_index=True)
        copies = every.loc[np.repeat(every.index, every["label"].map(self._times) * self.params.augment.copies)]
        number = copies.groupby("id").cumcount() + 1
        if not is_fresh(self.params):
            keys = [f"{self.params.seed}/{row}/copy {n}" for row, n in zip(copies["id"], number, strict=True)]
            changed = [self._changed(text, key) for text, key in zip(copies["text"], keys, strict=True)]
            copies = copies.assign(text=changed)[np.array(changed) != copies["text"].to_numpy()]
        added = pd.concat([children, copies])
        rows = label_rows(
            self._rows(added["text"].tolist()), added["id"].tolist(), added["label"].tolist(), self.labels
        )
        return train.join(rows)

    def epoch(self, rows: Rows, number: int) -> Changed:
        """Return the token ids of the rows that epoch `number` changes, by their position in `rows`."""
        texts, seen = dict(zip(self.table["id"], self.table["text"], strict=True)), Counter[str]()
        changed: dict[int, str] = {}
        for position, row in enumerate(rows.ids):
            text = self._changed(texts[row], f"{self.params.seed}/{row}/{number}/{seen[row]}")
            seen[row] += 1
            if text != texts[row]:
                changed[position] = text
        return dict(zip(changed, self._rows(list(changed.values())).input_ids, strict=True))

    def _changed(self, text: str, key: str) -> str:
        return change(text, self.params.augment, key)

    def _rows(self, texts: list[str]) -> Rows:
        return new_rows(self.prepare(texts), self.tokenizer)

    def _times(self, label: str) -> int:
        return self.params.augment.more.get(label, 1)


def change(text: str, augment: Augment, key: str) -> str:
    """Return `text` after those changes that `key` draws, each with the chance that `augment` gives it."""
    for name in CHANGES:
        chance = getattr(augment, name)
        if chance and Random(f"{key}/{name}").random() < chance:
            text = apply_change(name, text, key, TRAINING)
    return text


def is_fresh(params: Params) -> bool:
    """Return whether training reads token ids in each epoch, rather than vectors or states that were computed once."""
    section = getattr(params, params.method)
    return params.method in ("full", "distil", "lora") and isinstance(section.trained_layers, str)


def augment(task: Task, table: pd.DataFrame, prepare: Preparation) -> Task:
    """Return `task` with further and changed training rows, or with their changes in each epoch, as its params say."""
    tokenizer = new_tokenizer(task)
    augmentation = Augmentation(table, task.labels, prepare, tokenizer, task.params)
    change_rows = augmentation.epoch if is_fresh(task.params) else None
    return replace(task, train=augmentation.extended(task.train), change_rows=change_rows)


class FreshRows(TrainerCallback):
    """Makes batches of training rows that are changed anew in each epoch; rows without a position stay as they are."""

    def __init__(self, change_rows: Callable[[int], Changed], collate: Collate) -> None:
        self.change_rows, self.collate = change_rows, collate
        self.changed: Changed = {}

    def on_epoch_begin(self, args: Any, state: TrainerState, control: Any, **_: Any) -> None:
        """Change the rows for this epoch; they are counted from 0."""
        self.changed = self.change_rows(round(state.epoch or 0))

    def __call__(self, rows: list[dict[str, Any]]) -> Any:
        """Return the batch of `rows`, which have input_ids, labels and, in training, their position."""
        return self.collate([self._fresh(**row) for row in rows])

    def _fresh(self, position: int | None = None, **row: Any) -> dict[str, Any]:
        return row if position not in self.changed else row | {"input_ids": self.changed[position].tolist()}


def fresh_rows(task: Task, collate: Collate) -> FreshRows | None:
    """Return what makes the batches of `task`'s training rows if they are changed anew in each epoch."""
    return FreshRows(partial(task.change_rows, task.train), collate) if task.change_rows else None
