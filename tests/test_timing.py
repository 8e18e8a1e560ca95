"""Timing a classifier; this file imports little, as its processes import it too."""

from tools.timing import Labeler, time_labelers

TEXTS = ["where is my parcel?", "refund", "hello there"]


def shouting() -> Labeler:
    return lambda texts: [text.upper() for text in texts]


def test_what_is_measured_answers_in_a_process_of_its_own() -> None:
    (found,) = time_labelers({"shouting": shouting}, TEXTS).values()
    assert found.labels == [text.upper() for text in TEXTS]
    assert found.speed["rows_per_second"] > 0
    assert 0 <= found.speed["p50_ms"] <= found.speed["p95_ms"]
