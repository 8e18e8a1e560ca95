"""Rows in a random order that a row more or less does not change."""

import pandas as pd


def shuffled(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return `rows` in the order of a hash of the seed and each row's `id`.

    So two rows come in the same order whichever others are there: of corrected data, all but the corrected rows are
    drawn as before.

    >>> shuffled(pd.DataFrame({"id": ["r1", "r2", "r3"]}), seed=42)["id"].tolist()
    ['r2', 'r1', 'r3']
    """
    key = f"{seed % 10**16:016d}"  # of SipHash: 16 bytes
    hashes = pd.util.hash_pandas_object(rows["id"], index=False, hash_key=key)
    return rows.loc[hashes.sort_values(kind="stable").index]
