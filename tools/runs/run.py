"""A run as it was committed: parameters, scores, predictions, and the rows that it saw."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from textclf.metrics.robustness import UNCHANGED
from textclf.revisions import WORKSPACE, Revision, resolve
from textclf.splits import SPLITS

PREDICTIONS = "metrics/predictions/test.json"
OUT_OF_SCOPE = "metrics/predictions/oos.json"
CHANGED_TEXTS = "metrics/predictions/robustness.json"
EXPECTATIONS = "metrics/expectations.json"


def outputs(lock: dict[str, Any]) -> dict[str, str | None]:
    """Return the md5 of each output that the stages of a dvc.lock name, by its path; None for one without.

    >>> outputs({"split": {"outs": [{"path": "data/splits", "md5": "1.dir"}]}, "check": {}})
    {'data/splits': '1.dir'}
    """
    return {out["path"]: out.get("md5") for stage in lock.values() for out in stage.get("outs", [])}


@dataclass(frozen=True)
class Run:
    """The files of a revision; each is read when it is first used."""

    revision: Revision

    @cached_property
    def params(self) -> dict[str, Any]:
        """params.yaml."""
        return self.revision.yaml("params.yaml")

    @cached_property
    def lock(self) -> dict[str, Any]:
        """dvc.lock's stages."""
        stages: dict[str, Any] = self.revision.yaml("dvc.lock")["stages"]
        return stages

    @cached_property
    def stages(self) -> dict[str, Any]:
        """dvc.yaml's stages."""
        stages: dict[str, Any] = self.revision.yaml("dvc.yaml")["stages"]
        return stages

    @cached_property
    def scores(self) -> dict[str, float]:
        """The scores on test."""
        scores: dict[str, float] = self.revision.json("metrics/test.json")
        return scores

    @cached_property
    def machine(self) -> dict[str, Any]:
        """Processor, threads and precision of the training; empty for a run that did not record them."""
        metrics: dict[str, Any] = self.revision.json("metrics/train.json")
        return {key: metrics[key] for key in ("processor", "threads", "precision") if key in metrics}

    @cached_property
    def oos_scores(self) -> dict[str, float]:
        """The scores of out-of-scope rows on test; empty if the run has no oos.method."""
        scores: dict[str, float] = self.revision.json("metrics/oos.json") if self.revision.tracked(OUT_OF_SCOPE) else {}
        return scores

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """The test rows' actual, predicted, confidence and loss, by id, so that their order does not matter."""
        return self._listing(PREDICTIONS)

    @property
    def test_texts(self) -> list[str]:
        """The texts of the test rows, in the order of `predictions`; from DVC's cache."""
        return list(self.rows.loc[self.predictions.index, "text"])

    @cached_property
    def decisions(self) -> pd.DataFrame | None:
        """All test rows' actual, predicted, intent and score, by id; None if nothing is ever out of scope."""
        decisions = self._listing(OUT_OF_SCOPE) if self.revision.tracked(OUT_OF_SCOPE) else pd.DataFrame()
        return None if decisions.empty else decisions

    @cached_property
    def changed_texts(self) -> pd.DataFrame | None:
        """A sample of test rows: `actual` and the label after each change, by id; None for a run without the stage."""
        if not self.revision.tracked(CHANGED_TEXTS):
            return None
        table = self._listing(CHANGED_TEXTS)
        return table.apply(lambda after: after.fillna(table[UNCHANGED]))

    @cached_property
    def expectations(self) -> pd.DataFrame | None:
        """The expectations with kind, label, texts and answers, both as one text, and met; None if there are none."""
        if not self.revision.tracked(EXPECTATIONS):
            return None
        columns, *rows = self.revision.json(EXPECTATIONS)
        table = pd.DataFrame(rows, columns=columns)
        return table.assign(texts=table["texts"].map(" | ".join), answers=table["answers"].map(" | ".join))

    def _listing(self, path: str) -> pd.DataFrame:
        columns, *rows = self.revision.json(path)
        return pd.DataFrame(rows, columns=columns).set_index("id").sort_index()

    @cached_property
    def labels(self) -> list[str]:
        """The label names in order, from the scores by label, which are in git."""
        return list(self.revision.csv("plots/classes.csv")["label"])

    @cached_property
    def curve(self) -> pd.DataFrame:
        """The learning curve."""
        return self.revision.csv("plots/learning_curve.csv")

    @cached_property
    def rows(self) -> pd.DataFrame:
        """All rows with text, label, split, the source's own columns, and `truncated`, by id; from DVC's cache.

        `split` is the source's own, `used` the one that was used, `left out` for a row of none.
        """
        whole = self.revision.parquet("data/raw/rows.parquet", dtype_backend="numpy_nullable")  # a slice 0 is not 0.0
        raw = whole.astype(dict.fromkeys(("id", "text", "label", "split"), "str")).set_index("id")
        used = {name: self.revision.csv(f"data/splits/{name}.csv")["id"] for name in SPLITS}
        split = pd.concat([pd.Series(name, index=ids) for name, ids in used.items()])
        raw["used"] = split.reindex(raw.index).fillna("left out")
        tokens = self.revision.parquet("data/tokenized/rows.parquet").set_index("id")
        return raw.join(tokens[["truncated", "tokens"]])

    @cached_property
    def oos_rows(self) -> pd.DataFrame:
        """Out-of-scope rows with text, label and split, by id; none if the run has no oos.method."""
        if self.decisions is None:
            return pd.DataFrame({"text": [], "label": [], "split": []}, dtype=str)
        return self.revision.parquet("data/raw/oos.parquet").set_index("id")


def open_run(name: str | None = None) -> Run:
    """Return the run of a commit, branch, tag or experiment; of the workspace without a name."""
    return Run(resolve(name or WORKSPACE))
