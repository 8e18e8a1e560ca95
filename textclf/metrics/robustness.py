"""How answers hold when texts are changed: shares with intervals, by change."""

from math import sqrt

import pandas as pd

UNCHANGED = "none"  # the change of the texts as they are
DIGITS = 4
Z = 1.959964  # the standard normal distribution's 97.5% quantile


def by_change(answers: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each change of each split: the splits in their alphabetical order, the changes as they come.

    `answers` has split, change, actual, before, after, and `changed`, whether the text is another one. Of the table,
    `texts` counts such rows, `answers` those among them whose answer is another one, and `share` is their share;
    `accuracy` is over all `rows`. Intervals are Wilson's, 95%; a change of no text has no share.

    >>> row = {"split": "test", "change": "typo", "actual": "a", "before": "a", "after": "b", "changed": True}
    >>> by_change(pd.DataFrame([row])).loc[0, ["texts", "answers", "share", "accuracy"]].tolist()
    [1.0, 1.0, 1.0, 0.0]
    """
    table = []
    for (split, change), rows in answers.sort_values("split", kind="stable").groupby(["split", "change"], sort=False):
        changed = rows[rows["changed"]]
        other = int((changed["before"] != changed["after"]).sum())
        right = int((rows["after"] == rows["actual"]).sum())
        shares = _share(other, len(changed)), _share(right, len(rows))
        table.append((split, change, len(rows), len(changed), other, *shares[0], *shares[1]))
    columns = ["split", "change", "rows", "texts", "answers", "share", "share_low", "share_high"]
    return pd.DataFrame(table, columns=[*columns, "accuracy", "accuracy_low", "accuracy_high"])


def _share(part: int, whole: int) -> tuple[float | None, float | None, float | None]:
    """Return a share with its interval (Wilson 1927), or nothing of nothing.

    Written out here, as scipy.stats and statsmodels take a second to import.
    """
    if not whole:
        return None, None, None
    share, spread = part / whole, Z**2 / whole
    reach = Z * sqrt(share * (1 - share) / whole + spread / (4 * whole))
    low, high = ((share + spread / 2 + side * reach) / (1 + spread) for side in (-1, 1))
    return round(share, DIGITS), round(max(0.0, low), DIGITS), round(min(1.0, high), DIGITS)


def headline(table: pd.DataFrame, met: list[bool]) -> dict[str, float]:
    """Return at most ten numbers of a `by_change` table with the split test and, if there are such rows, validation.

    `accuracy_changed` is the mean over all changes; `expectations_met` is left out where nothing is expected.
    """
    known = table.set_index(["split", "change"])
    numbers: dict[str, float] = {"rows": int(known.loc[("test", UNCHANGED), "rows"])}
    prefixes = {"test": "", "validation": "validation_"}
    for split, prefix in ((name, prefixes[name]) for name in prefixes if name in set(table["split"])):
        accuracy = known.loc[split, "accuracy"]
        numbers[f"{prefix}accuracy"] = float(accuracy[UNCHANGED])
        numbers[f"{prefix}accuracy_changed"] = round(float(accuracy.drop(UNCHANGED).mean()), DIGITS)
        if split == "test":
            numbers |= {f"accuracy_{name}": float(accuracy[name]) for name in ("typo", "two_typos", "word_dropped")}
            numbers["answers_changed"] = round(float(known.loc[split, "share"].mean()), DIGITS)
    return numbers | ({"expectations_met": round(sum(met) / len(met), DIGITS)} if met else {})
