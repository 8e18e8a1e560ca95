"""Robustness: change a sample of validation and test texts as people type them, and see which answers change.

Answers are the intents, before any out-of-scope rule. A text whose token ids a change leaves alone keeps its answer.
"""

import csv
from pathlib import Path

import pandas as pd

from textclf import process
from textclf.changes.apply import CHANGES, apply_change
from textclf.changes.report import REPORT
from textclf.data.expectations import Expectation, check_labels, read_expectations
from textclf.inference.model import Model, load_model
from textclf.metrics.listing import read_listing, write_listing
from textclf.metrics.robustness import UNCHANGED, by_change, headline
from textclf.outputs import ensure_parent, write_json
from textclf.params import read_params

RAW = Path("data/raw/rows.parquet")
EXPECTED = Path("data/robustness")
MODEL = Path("models/classifier")
VALIDATION_PREDICTIONS = Path("metrics/predictions/validation.json")
TEST_PREDICTIONS = Path("metrics/predictions/test.json")
ROBUSTNESS = Path("metrics/robustness.json")
BY_ROW = Path("metrics/predictions/robustness.json")
EXPECTATIONS = Path("metrics/expectations.json")
BY_CHANGE = Path("plots/robustness.csv")
CHANGED = Path("plots/changed_answers.csv")

DIGITS = 4
COLUMNS = [
    "split",
    "change",
    "id",
    "text",
    "changed_text",
    "actual",
    "before",
    "after",
    "confidence_before",
    "confidence",
]

Answer = tuple[str, float]  # a label and its probability


def sample(predictions: pd.DataFrame, texts: "pd.Series[str]", split: str, limit: int | None) -> pd.DataFrame:
    """Return at most `limit` predicted rows with their texts, those with the smallest ids: ids are hashes of texts."""
    rows = predictions.sort_values("id").head(len(predictions) if limit is None else limit)
    columns = {"split": split, "id": rows["id"], "text": texts[rows["id"]].to_numpy(), "actual": rows["actual"]}
    return pd.DataFrame(columns | {"before": rows["predicted"], "confidence_before": rows["confidence"]})


def change(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows once for each change, and first as they are, with columns change, changed_text and changed."""
    parts = [rows.assign(change=UNCHANGED, changed_text=rows["text"])]
    for name in CHANGES:
        texts = [apply_change(name, text, key, REPORT) for text, key in zip(rows["text"], rows["id"], strict=True)]
        parts.append(rows.assign(change=name, changed_text=texts))
    every = pd.concat(parts, ignore_index=True)
    return every.assign(changed=every["changed_text"] != every["text"])


def answer(model: Model, texts: list[str], known: dict[str, Answer], size: int) -> list[Answer]:
    """Return the answer to each text, `size` at a time; texts with the same token ids are asked once.

    `known` has the answers to some texts, and so to all with the same token ids.
    """
    rows = model.rows([*known, *texts])
    keys = [ids.tobytes() or text for ids, text in zip(rows.input_ids, rows.texts, strict=True)]  # baseline: no ids
    found = dict(zip(keys[: len(known)], known.values(), strict=True))
    asked = {key: place for place, key in enumerate(keys) if key not in found}
    if asked:
        probabilities = model.probabilities(rows.take(list(asked.values())), size, "changed texts")
        labels = [model.labels[number] for number in probabilities.argmax(axis=1)]
        found |= zip(asked, zip(labels, probabilities.max(axis=1).round(DIGITS).tolist(), strict=True), strict=True)
    return [found[key] for key in keys[len(known) :]]


def by_row(answers: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each test row with its label after each change, empty where that is the one before."""
    test = answers[answers["split"] == "test"]
    other = test["after"].where((test["after"] != test["before"]) | (test["change"] == UNCHANGED), None)
    table = test.assign(after=other).pivot(index=["id", "actual"], columns="change", values="after")
    table = table[[UNCHANGED, *CHANGES]].astype(object)
    return table.where(table.notna(), None).reset_index()


def judge(expectations: list[Expectation], labels: list[str]) -> pd.DataFrame:
    """Return kind, label, texts, answers and met of each expectation; `labels` are the answers to all texts in turn."""
    rows, rest = [], iter(labels)
    for one in expectations:
        given = [next(rest) for _ in one.texts]
        rows.append((one.kind, one.label, list(one.texts), given, one.met(given)))
    return pd.DataFrame(rows, columns=["kind", "label", "texts", "answers", "met"])


def main() -> None:
    """Write the answers by row and by change, the headline numbers, the expectations, and the answers that changed."""
    params = read_params()
    model = load_model(MODEL, device=params.device)
    expectations = read_expectations(params.dataset, EXPECTED)
    check_labels(expectations, [*model.labels, *params.oos.held_out], params.dataset, EXPECTED)
    expectations = [one for one in expectations if one.label not in params.oos.held_out]
    texts = pd.read_parquet(RAW, columns=["id", "text"]).set_index("id")["text"]
    listed = {"validation": VALIDATION_PREDICTIONS, "test": TEST_PREDICTIONS}
    rows = [sample(read_listing(path), texts, split, params.robustness.rows) for split, path in listed.items()]
    answers = change(pd.concat(rows))
    known = {row.text: (row.before, row.confidence_before) for row in answers.itertuples()}
    new = answers.loc[answers["changed"], "changed_text"].tolist()
    found = answer(model, [*new, *(text for one in expectations for text in one.texts)], known, params.eval_batch_size)
    answers["after"], answers["confidence"] = answers["before"], answers["confidence_before"]
    answers.loc[answers["changed"], ["after", "confidence"]] = found[: len(new)]
    judged = judge(expectations, [label for label, _ in found[len(new) :]])
    table = by_change(answers)
    write_json(ROBUSTNESS, headline(table, judged["met"].tolist()))
    write_listing(by_row(answers), BY_ROW)
    write_listing(judged, EXPECTATIONS)
    table.to_csv(ensure_parent(BY_CHANGE), index=False)
    other = answers.loc[answers["after"] != answers["before"], COLUMNS]
    other.to_csv(CHANGED, index=False, quoting=csv.QUOTE_NONNUMERIC)  # a carriage return needs quotes


if __name__ == "__main__":
    process.run(main)
