"""A run's logits of another run's training rows, and the check that it has learned none of that run's test rows."""

import json
import re
from pathlib import Path

import pandas as pd

from textclf.atomic import replace_file
from textclf.checksums import sha256
from textclf.data.leaks import same_texts
from textclf.errors import InputError
from textclf.inference.model import load_model
from textclf.taught import check_labels, text_key
from textclf.teachers import rows_key
from tools.runs.run import Run

TEACHERS = Path("data/teachers")


def teach(teacher: Run, student: Run, name: str, about: str) -> Path:
    """Write the teacher's logits of the student's training rows, and their spec; return their folder."""
    if not re.fullmatch(r"[\w-]+", name):
        raise InputError(f"{name!r} is not a name for a file: letters, digits, - and _ are allowed")
    if teacher.revision.sha is None:
        raise InputError("the workspace can't be a teacher: name a commit, so that others can tell which run it was")
    check_same_labels(teacher, student)
    check_no_leak(teacher, student)
    used, file = student.rows["used"], TEACHERS / f"{name}.parquet"
    with replace_file(file) as part:
        logits(teacher, student.rows.loc[used == "train", "text"]).to_parquet(part, index=False)
    tested = rows_key(student.rows.index[used == "test"])
    spec = {"about": about, "commit": teacher.revision.sha, "sha256": sha256(file), "tested": tested}
    with replace_file(TEACHERS / f"{name}.yaml") as part:
        part.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in spec.items()), encoding="utf-8")
    return TEACHERS


def logits(teacher: Run, texts: "pd.Series[str]") -> pd.DataFrame:
    """Return id, the text's key and a column of logits for each label; `texts` has ids as its index."""
    model = load_model(rev=teacher.revision.sha)
    predicted = model.classifier.predict(model.rows(texts.tolist()), 128, "teach").logits
    table = pd.DataFrame(predicted.astype("float32"), columns=model.classifier.labels)
    table.insert(0, "text", texts.map(text_key).to_numpy())
    table.insert(0, "id", texts.index.to_numpy())
    return table


def check_same_labels(teacher: Run, student: Run) -> None:
    """Raise `InputError` for a teacher with other labels in its data, or for a label that can't be taught."""
    # The data's labels: `Run.labels` are those of the last evaluation, which may be older, and lack learned kinds.
    theirs, ours = (run.revision.json("data/raw/labels.json") for run in (teacher, student))
    if other := set(theirs) ^ set(ours):
        raise InputError(f"{teacher.revision.name} has other labels, such as {min(other)!r}")
    check_labels(ours)


def check_no_leak(teacher: Run, student: Run) -> None:
    """Raise `InputError` if the teacher was trained on, or chosen by, a text that the student is tested on."""
    learned = teacher.rows[teacher.rows["used"].isin(["train", "validation"])]
    tested = student.rows[student.rows["used"] == "test"]
    known = set(same_texts(learned["text"]))
    if len(leaks := tested.index[same_texts(tested["text"]).isin(known)]):
        raise InputError(
            f"{teacher.revision.name} has learned from {len(leaks):,} test rows, such as {leaks[0]}; "
            "take a run with the same split"
        )
