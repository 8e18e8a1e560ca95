"""Pictures say what the tables say, and their bytes don't vary."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from textclf.charts import (
    confusion,
    extreme_rows,
    fitting,
    glyphs,
    labels,
    learning_curve,
    map,
    oos,
    reliability,
    robustness,
    style,
    token_lengths,
)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """matplotlib warns of more than twenty open figures."""
    yield
    plt.close("all")


PREDICTIONS = pd.DataFrame(
    {
        "id": [f"id{number}" for number in range(6)],
        "actual": ["a", "a", "a", "b", "b", "c"],
        "predicted": ["a", "b", "b", "b", "c", "c"],
        "confidence": [0.9, 0.6, 0.7, 0.95, 0.5, 0.91],
        "loss": [0.1, 1.0, 2.0, 0.05, 0.9, 0.09],
    }
)
TEXTS = pd.DataFrame({"id": PREDICTIONS["id"], "text": [f"text {number} costs $5 and $6" for number in range(6)]})


ISOLATES = dict.fromkeys((0x2068, 0x2069))  # of the direction of a name


def tick_labels(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].get_yticklabels()]


def test_pairs_are_counted() -> None:
    pairs = confusion.count_pairs(PREDICTIONS)
    assert pairs.to_numpy().tolist() == [["a", "a", 1], ["a", "b", 2], ["b", "b", 1], ["b", "c", 1], ["c", "c", 1]]


def test_the_most_confused_pair_is_on_top_and_hits_are_no_confusions() -> None:
    figure = confusion.draw_confused_pairs(confusion.count_pairs(PREDICTIONS), shown=5)
    assert [isolated.translate(ISOLATES) for isolated in tick_labels(figure)] == ["a → b", "b → c"]


def test_a_pair_shows_both_labels_also_if_they_are_long_and_reads_from_left_to_right() -> None:
    pairs = pd.DataFrame({"actual": ["a" * 60, "ביטול"], "predicted": ["b" * 60, "c"], "n": [2, 1]})
    long, right_to_left = tick_labels(confusion.draw_confused_pairs(pairs, shown=5))
    assert long.translate(ISOLATES) == f"{'a' * 31}… → {'b' * 31}…"
    assert right_to_left == "\u2068ביטול\u2069 → \u2068c\u2069"


def test_counts_of_pairs_stand_at_whole_numbers_and_the_title_says_how_many_pairs_there_are() -> None:
    names = [f"label {number}" for number in range(6)]
    pairs = pd.DataFrame({"actual": names, "predicted": names[1:] + names[:1], "n": [3, 2, 2, 1, 1, 1]})
    axes = confusion.draw_confused_pairs(pairs, shown=5).axes[0]
    assert all(tick == round(tick) for tick in axes.get_xticks())
    assert axes.get_title(loc="left").endswith("the 5 most frequent of 6 pairs; all are in plots/confusion.csv")
    few = confusion.draw_confused_pairs(pairs, shown=6).axes[0]
    assert few.get_title(loc="left") == "Most confused pairs, actual → predicted (test rows)"


def test_no_mistake_at_all_is_drawn_too() -> None:
    right = PREDICTIONS.assign(predicted=PREDICTIONS["actual"])
    axes = confusion.draw_confused_pairs(confusion.count_pairs(right), shown=5).axes[0]
    assert len(axes.patches) == 0
    assert [text.get_text() for text in axes.texts] == ["No test row is confused."]


def test_every_label_stands_beside_the_matrix_and_none_is_cut_off() -> None:
    names = [f"a_rather_long_label_name_{number}" for number in range(77)]
    pairs = pd.DataFrame({"actual": names, "predicted": names[1:] + names[:1], "n": range(1, 78)})
    figure = confusion.draw_confusion(pairs, names)
    figure.canvas.draw()
    assert tick_labels(figure) == names
    edge = figure.bbox
    for text in figure.axes[0].get_yticklabels() + figure.axes[0].get_xticklabels():
        box = text.get_window_extent()
        assert box.x0 >= edge.x0
        assert box.y0 >= edge.y0
    heights = [text.get_window_extent().height for text in figure.axes[0].get_yticklabels()]
    places = [text.get_window_extent().y0 for text in figure.axes[0].get_yticklabels()]
    assert all(above - below >= height * 0.9 for above, below, height in zip(places, places[1:], heights, strict=False))


NAMES = [f"intent_{number:03d}" for number in range(150)]


def test_of_more_than_100_labels_the_matrix_has_the_most_confused(tmp_path: Path) -> None:
    mistakes = pd.DataFrame({"actual": NAMES[90:120], "predicted": NAMES[120:150], "n": 2})
    pairs = pd.concat([pd.DataFrame({"actual": NAMES, "predicted": NAMES, "n": 5}), mistakes])
    figure = confusion.draw_confusion(pairs, NAMES)
    assert tick_labels(figure) == NAMES[90:]
    assert (
        figure.axes[0]
        .get_title(loc="left")
        .endswith("the 60 most confused of 150 labels; all are in plots/confusion.csv")
    )
    style.save(figure, tmp_path / "x.png", dpi=110)
    assert max(matplotlib.image.imread(tmp_path / "x.png").shape) < 2500


def test_of_more_than_100_labels_the_bars_are_the_extremes_and_say_so() -> None:
    classes = pd.DataFrame({"label": NAMES, "f1": [0.001 * number for number in range(150)]})
    figure = labels.draw_f1(classes)
    assert tick_labels(figure) == NAMES[:60]
    assert "the 60 lowest of 150 labels; all are in plots/classes.csv" in figure.axes[0].get_title(loc="left")
    sizes = [(name, number + 1) for number, name in enumerate(NAMES)]
    rows = pd.DataFrame(
        [(name, split) for name, n in sizes for split in ("train", "test", "validation") for _ in range(n)]
    )
    figure = labels.draw_distribution(rows.set_axis(["label", "split"], axis=1))
    assert tick_labels(figure) == NAMES[:119:-1] + NAMES[29::-1]


def test_between_the_largest_and_the_smallest_labels_there_is_a_gap() -> None:
    rows = pd.DataFrame([(name, "train") for name in NAMES], columns=["label", "split"])
    for figure in (labels.draw_distribution(rows), token_lengths.draw_lengths_by_label(lengths(*NAMES))):
        axes = figure.axes[0]
        assert axes.get_yticks().tolist() == [*range(30), *range(31, 61)]
        assert [text.get_text() for text in axes.texts] == ["90 labels in between"]
        assert "; ties by name" in axes.get_title(loc="left")
    few = labels.draw_distribution(rows.head(77)).axes[0]
    assert few.get_yticks().tolist() == list(range(77))
    assert len(few.texts) == 0


DOLLARS = ["$a$", "costs $5 and $6", "$\\frac{$", "_hidden", "x^2_{", "<b>"]


def test_no_name_is_taken_for_a_formula(tmp_path: Path) -> None:
    table = pd.DataFrame({"actual": DOLLARS, "predicted": DOLLARS[1:] + DOLLARS[:1], "n": 1})
    split = pd.DataFrame({"label": DOLLARS * 3, "split": ["train", "validation", "test"] * 6})
    scores = pd.DataFrame({"label": DOLLARS, "f1": 0.5})
    losses = PREDICTIONS.assign(actual=DOLLARS, predicted=DOLLARS)
    texts = pd.DataFrame({"id": losses["id"], "text": DOLLARS})
    kinds = pd.DataFrame({"actual": [f"out_of_scope:{name}" for name in DOLLARS], "predicted": "a", "intent": "a"})
    figures = [
        confusion.draw_confusion(table, DOLLARS),
        confusion.draw_confused_pairs(table, 9),
        labels.draw_f1(scores),
        labels.draw_distribution(split),
        extreme_rows.draw_extremes(extreme_rows.extreme_rows(losses, texts, 3)),
        oos.draw_scores(kinds.assign(score=[0.1 * number for number in range(6)])),
        map.draw_map(np.zeros((6, 2), dtype=np.float32), losses, DOLLARS, 6),
        style.bars(DOLLARS[1], DOLLARS, [1.0] * 6, "x", "black", "{:.1f}")[0],
    ]
    for figure in figures:
        style.save(figure, tmp_path / "x.png", dpi=50)


def test_the_map_shows_a_sample_of_many_rows_and_says_so() -> None:
    drawn = map.sample(3080, seed=42)
    assert len(set(drawn.tolist())) == 1000
    assert drawn.tolist() == sorted(map.sample(3080, seed=42).tolist())
    assert drawn.tolist() != map.sample(3080, seed=43).tolist()
    table = pd.DataFrame({"actual": ["a", "b"] * 500, "predicted": "a"})
    figure = map.draw_map(np.eye(1000, 2, dtype=np.float32), table, ["a", "b"], 3080)
    title, _ = figure.axes[0].get_title(loc="left").split("\n")
    assert title == "Map of 1,000 of 3,080 test rows (t-SNE of the vectors before the output layer)"


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_rows_that_are_all_alike_are_one_point_and_the_title_says_so(value: float) -> None:
    points = map.place(np.full((12, 32), value, dtype=np.float32), seed=0)
    assert points.tolist() == [[0.0, 0.0]] * 12
    table = pd.concat([PREDICTIONS] * 2, ignore_index=True)
    title = map.draw_map(points, table, ["a", "b", "c"], 12).axes[0].get_title(loc="left")
    assert "(t-SNE of the vectors before the output layer: they are all alike)" in title


def test_the_map_shows_all_of_a_thousand_rows() -> None:
    assert map.sample(1000, seed=42).tolist() == list(range(1000))
    figure = map.draw_map(np.eye(6, 2, dtype=np.float32), PREDICTIONS, ["a", "b", "c"], 6)
    title, _ = figure.axes[0].get_title(loc="left").split("\n")
    assert title == "Map of the test rows (t-SNE of the vectors before the output layer)"


def test_the_worst_label_is_on_top() -> None:
    table = pd.DataFrame({"label": ["a", "b"], "f1": [0.9, 0.2]})
    assert tick_labels(labels.draw_f1(table)) == ["b", "a"]


def test_the_largest_label_is_on_top() -> None:
    rows = pd.DataFrame({"label": list("abbb"), "split": ["train", "train", "validation", "test"]})
    rows = pd.concat([rows, rows])
    assert tick_labels(labels.draw_distribution(rows)) == ["b", "a"]


def test_the_reliability_table_holds_every_row_once() -> None:
    table = reliability.reliability_table(PREDICTIONS, bins=10)
    assert table["rows"].sum() == 6
    assert table["accuracy"].tolist() == [0, 0, 0, 1, 1]  # 0.5, 0.6, 0.7, 0.9, and 0.91 with 0.95


def test_a_temperature_is_drawn_beside_what_it_changed() -> None:
    table = reliability.reliability_table(PREDICTIONS, bins=10)
    alone = reliability.draw_reliability(table, None, 10, {"ece": 0.1})
    assert alone.axes[0].get_title(loc="left") == "Reliability (test rows), ECE 0.100"
    found = {"ece": 0.02, "ece_before": 0.1, "temperature": 0.7}
    both = reliability.draw_reliability(table, table, 10, found)
    assert both.axes[0].get_title(loc="left").endswith("ECE 0.020\nwith a temperature of 0.70; without it 0.100")
    drawn = both.axes[0].get_legend()
    assert drawn is not None
    assert "without the temperature" in [text.get_text() for text in drawn.get_texts()]


DECIDED = pd.DataFrame(
    {
        "actual": ["a", "b", "b", "out_of_scope:chat", "out_of_scope:noise"],
        "predicted": ["a", "a", "out_of_scope:chat", "a", "out_of_scope:noise"],
        "intent": ["a", "a", "b", "a", "b"],
        "score": [0.1, 0.2, 0.6, 0.3, 0.9],
    }
)


def test_scores_are_drawn_by_kind_with_the_highest_that_got_an_answer_if_one_did() -> None:
    (legend,) = oos.draw_scores(DECIDED).legends
    kinds = {"in scope (3)", "chat (1)", "noise (1)"}
    assert {text.get_text() for text in legend.get_texts()} == kinds | {"highest with an answer"}
    (legend,) = oos.draw_scores(DECIDED.assign(predicted="out_of_scope")).legends
    assert {text.get_text() for text in legend.get_texts()} == kinds


def test_the_roc_curve_says_its_area_and_where_the_threshold_is() -> None:
    axes = oos.draw_roc(DECIDED).axes[0]
    assert axes.get_title(loc="left").endswith("area 0.833")
    assert axes.lines[-1].get_xydata().tolist() == [[1 / 3, 1 / 2]]  # type: ignore[union-attr]


def test_risk_rises_to_the_share_of_wrong_answers_if_all_are_answered() -> None:
    curve_drawn, threshold = oos.draw_risk(DECIDED).axes[0].lines
    assert curve_drawn.get_xydata().tolist()[-1] == [1.0, 3 / 5]  # type: ignore[union-attr]
    assert threshold.get_xydata().tolist() == [[3 / 5, 2 / 3]]  # type: ignore[union-attr]


def test_changes_are_drawn_the_worst_first_and_one_of_no_text_has_no_share() -> None:
    names = ["split", "change", "rows", "share", "share_low", "share_high", "accuracy", "accuracy_low", "accuracy_high"]
    table = pd.DataFrame(
        [
            ("test", "none", 300, None, None, None, 0.8, 0.75, 0.84),
            ("test", "numbers", 300, None, None, None, 0.8, 0.75, 0.84),
            ("test", "two_typos", 300, 0.2, 0.16, 0.25, 0.7, 0.65, 0.75),
            ("validation", "two_typos", 300, 0.2, 0.16, 0.25, 0.5, 0.45, 0.55),
        ],
        columns=names,
    )
    figure = robustness.draw_changes(table)
    accuracy, share = figure.axes
    assert [label.get_text() for label in accuracy.get_yticklabels()] == ["two typos", "numbers"]
    assert [text.get_text() for text in accuracy.texts] == ["0.700", "0.800"]
    assert [text.get_text() for text in share.texts] == ["20.0%"]
    assert figure.legends[0].get_texts()[0].get_text() == "texts as they are: 0.800"


def test_extreme_rows_are_the_ends_of_the_losses_with_their_texts() -> None:
    table = extreme_rows.extreme_rows(PREDICTIONS, TEXTS, shown=2)
    assert table["loss"].tolist() == [2.0, 1.0, 0.09, 0.05]
    assert table["text"].tolist()[0] == "text 2 costs $5 and $6"
    assert len(extreme_rows.extreme_rows(PREDICTIONS, TEXTS, shown=5)) == 6  # none twice


def test_a_text_with_dollars_and_a_long_one_can_be_drawn(tmp_path: Path) -> None:
    table = extreme_rows.extreme_rows(PREDICTIONS, TEXTS.assign(text="$x^ and _y$ " * 100), shown=2)
    style.save(extreme_rows.draw_extremes(table), tmp_path / "x.png", dpi=60)


@pytest.mark.parametrize(
    "text", ["WHERE IS MY MONEY " * 40, "ЩИТ И ШУМ " * 40, "退款" * 200, "😀" * 300, "أين طلبي " * 60]
)
@pytest.mark.parametrize("dpi", [50, 110])
def test_no_text_runs_into_the_next_column(text: str, dpi: int) -> None:
    rows = PREDICTIONS.assign(actual="LONG_LABEL_" * 6, predicted="ЩИТ_" * 20)
    table = extreme_rows.extreme_rows(rows, TEXTS.assign(text=text), shown=3)
    with glyphs.without_glyph_warnings():
        figure = extreme_rows.draw_extremes(table)
        figure.set_dpi(dpi)
        figure.draw_without_rendering()
        boxes = [cell.get_window_extent() for cell in figure.axes[0].texts]
    columns = len(extreme_rows.COLUMNS)
    assert len(boxes) == 7 * columns
    ends = [box.x0 for box in boxes[1:columns]] + [figure.bbox.x1]
    assert all(box.x1 < ends[place % columns] for place, box in enumerate(boxes))
    lines = [cell.get_text().split("\n") for cell in figure.axes[0].texts]
    assert all(len(found) <= 4 for found in lines)
    assert lines[columns + 3][3].endswith("…")


def test_no_row_of_texts_runs_into_the_next_row() -> None:
    table = extreme_rows.extreme_rows(PREDICTIONS, TEXTS.assign(text="WHERE IS MY MONEY " * 40), shown=3)
    figure = extreme_rows.draw_extremes(table)
    figure.draw_without_rendering()
    cells = [cell.get_window_extent() for cell in figure.axes[0].texts[3 :: len(extreme_rows.COLUMNS)]]
    assert all(above.y0 > below.y1 for above, below in pairwise(cells))


def test_letters_without_a_glyph_are_named_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    glyphs.SAID.clear()
    for names in (["退款", "คืนเงิน", "🛒"], ["退款", "refund"]):
        pairs = pd.DataFrame({"actual": names, "predicted": names, "n": 1})
        style.save(confusion.draw_confusion(pairs, names), tmp_path / "x.png", dpi=50)
    boxes = "pictures have boxes for letters that their font doesn't have (CJK, THAI, symbols)"
    assert capsys.readouterr().err == f"{boxes}; numbers and CSV files are complete\n"


def test_names_of_any_direction_or_markup_have_glyphs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    glyphs.SAID.clear()
    names = ["ביטול", "إلغاء", "<b>x</b>", "&amp;", "Щит", "été"]
    pairs = pd.DataFrame({"actual": names, "predicted": names[1:] + names[:1], "n": 1})
    style.save(confusion.draw_confused_pairs(pairs, 9), tmp_path / "x.png", dpi=50)
    assert capsys.readouterr().err == ""


def test_the_line_of_the_longest_text_says_the_share_that_is_cut() -> None:
    tokens = pd.DataFrame({"tokens": [5, 10, 200, 2000], "truncated": [False, False, True, True]})
    legend = token_lengths.draw_lengths(tokens, max_length=64).axes[0].get_legend()
    assert legend is not None
    assert "max_length = 64: 50.0% of the texts are cut" in legend.get_texts()[0].get_text()


@pytest.mark.parametrize("epochs", [1, 3])
def test_a_picture_has_the_same_bytes_each_time(tmp_path: Path, epochs: int) -> None:
    table = pd.DataFrame(
        {
            "epoch": range(1, epochs + 1),
            "train_loss": 1.0,
            "validation_loss": 1.1,
            "validation_accuracy": 0.5,
            "validation_macro_f1": 0.4,
            "validation_log_loss": 1.0,
            "kept": [1] + [0] * (epochs - 1),
        }
    )
    for name in ("one.png", "two.png"):
        style.save(learning_curve.draw_curve(table, "log_loss"), tmp_path / name, dpi=60)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert b"matplotlib" not in (tmp_path / "one.png").read_bytes().lower()


def lengths(*names: str) -> pd.DataFrame:
    """Three texts of each label; the first label's are the shortest."""
    rows = [(name, words + place, words + place + 2) for place, name in enumerate(names) for words in (1, 3, 5)]
    return pd.DataFrame(rows, columns=["label", "words", "tokens"])


def test_lengths_by_label_have_words_and_tokens_of_the_longest_first() -> None:
    figure = token_lengths.draw_lengths_by_label(lengths("short", "long"))
    assert tick_labels(figure) == ["long", "short"]
    assert [axes.get_xlabel() for axes in figure.axes] == ["words", "tokens"]
    medians = [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_color() == style.ORANGE]  # type: ignore[index]
    assert medians == [4, 3]


def test_of_more_than_100_labels_the_longest_and_the_shortest_are_drawn() -> None:
    figure = token_lengths.draw_lengths_by_label(lengths(*NAMES))
    assert tick_labels(figure) == NAMES[:119:-1] + NAMES[29::-1]
    assert "the 30 longest and the 30 shortest of 150 labels" in figure.axes[0].get_title(loc="left")
    assert tick_labels(token_lengths.draw_lengths_by_label(lengths(*NAMES[:77]))) == NAMES[76::-1]


def test_shares_of_each_actual_label_add_up_to_its_rows() -> None:
    figure = confusion.draw_confusion(confusion.count_pairs(PREDICTIONS), ["a", "b", "c"], percent=True)
    assert [text.get_text() for text in figure.axes[0].texts] == ["33", "67", "50", "50", "100"]


@pytest.mark.parametrize("number", [2, 3, 24, 77, 150])
def test_no_title_is_cut_off_or_runs_into_the_next_one(number: int) -> None:
    names = [f"{name}{'_long' * 11}" for name in NAMES[:number]]
    pairs = pd.DataFrame({"actual": names, "predicted": names[1:] + names[:1], "n": 1})
    points = np.random.default_rng(0).random((number * 6, 2)).astype(np.float32)
    message = "WHERE IS MY PARCEL, PLEASE? " * 3
    figures = [
        confusion.draw_confusion(pairs, names, percent=True),
        confusion.draw_confusion(pairs, [name[:10] for name in names]),
        confusion.draw_confused_pairs(pairs, 20),
        token_lengths.draw_lengths_by_label(lengths(*names)),
        map.draw_before_and_after(points, points, pd.Series(names * 6), names, 5000),
        style.bars(f"{message}\nout of scope", names[:20], [0.5] * min(20, number), "probability", "black", "{:.1%}")[
            0
        ],
    ]
    for figure in figures:
        fitting.fit_titles(figure)
        figure.draw_without_rendering()
        boxes = [axes._left_title.get_window_extent() for axes in figure.axes]  # type: ignore[attr-defined]
        ends = [box.x0 for box in boxes[1:]] + [figure.bbox.x1]
        assert all(box.x1 <= end and box.y1 <= figure.bbox.y1 for box, end in zip(boxes, ends, strict=True))
        assert all(axes.bbox.height > 15 for axes in figure.axes)


def test_a_title_that_fits_stays_as_it_is() -> None:
    figure = confusion.draw_confused_pairs(confusion.count_pairs(PREDICTIONS), shown=5)
    before = figure.axes[0].get_title(loc="left"), figure.get_figheight()
    fitting.fit_titles(figure)
    assert (figure.axes[0].get_title(loc="left"), figure.get_figheight()) == before


@pytest.mark.parametrize("number", [2, 77, 150])
def test_both_maps_have_every_row_and_names_that_hide_no_other(number: int) -> None:
    names = [f"{name} {'long ' * 11}" for name in NAMES[:number]]
    actual = pd.Series(names * 6 + names[: number // 2])
    points = np.random.default_rng(0).random((len(actual), 2)).astype(np.float32)
    figure = map.draw_before_and_after(points, -points, actual, names, 5000)
    assert [len(axes.collections[0].get_offsets()) for axes in figure.axes] == [len(actual)] * 2  # type: ignore[arg-type]
    assert f"Before training: {len(actual):,} of 5,000 training rows" in figure.axes[0].get_title(loc="left")
    figure.draw_without_rendering()
    for axes in figure.axes:
        boxes = [text.get_window_extent() for text in axes.texts]
        assert not any(box.count_overlaps(boxes[:place]) for place, box in enumerate(boxes))
        assert all(len(text.get_text()) <= 24 for text in axes.texts)
        said = f"{len(boxes)} of {number} names, those that hide no name of a label with more dots"
        assert (said in axes.get_title(loc="left")) == (len(boxes) < number)
    assert number == 2 or len(figure.axes[0].texts) < number


def test_of_two_names_at_the_same_place_the_one_of_more_rows_is_drawn() -> None:
    points = np.zeros((6, 2), dtype=np.float32)
    figure = map.draw_map(points, PREDICTIONS.assign(actual=["a", "b", "b", "c", "c", "c"]), ["a", "b", "c"], 6)
    assert [text.get_text() for text in figure.axes[0].texts] == ["c"]


def test_without_validation_rows_the_pictures_are_drawn_and_say_so(tmp_path: Path) -> None:
    nothing = PREDICTIONS.iloc[:0]
    figure = extreme_rows.draw_extremes(extreme_rows.extreme_rows(nothing, TEXTS, shown=3))
    assert [text.get_text() for text in figure.axes[0].texts] == ["There are no validation rows."]
    rows = pd.DataFrame({"label": ["a", "b"], "split": "test"})
    assert tick_labels(labels.draw_distribution(rows)) == ["a", "b"]
    columns = ("train_loss", "validation_loss", "validation_accuracy", "validation_macro_f1", "validation_log_loss")
    unknown = pd.DataFrame({"epoch": [1], **dict.fromkeys(columns, float("nan")), "kept": [1]})
    style.save(learning_curve.draw_curve(unknown, "log_loss"), tmp_path / "x.png", dpi=50)


def curve(**columns: list[float]) -> pd.DataFrame:
    """A curve of three rows, of which the second has the lowest log-loss, but not the lowest loss, and was kept."""
    scores = {"validation_accuracy": [0.7, 0.8, 0.81], "validation_macro_f1": [0.6, 0.7, 0.71]}
    losses = {"train_loss": [3, 2, 1], "validation_loss": [3, 2.5, 2.4], "validation_log_loss": [0.9, 0.5, 0.6]}
    return pd.DataFrame(columns | losses | scores | {"kept": [0, 1, 0]})


def legend(figure: Figure, panel: int) -> list[str]:
    drawn = figure.axes[panel].get_legend()
    assert drawn is not None
    return [text.get_text() for text in drawn.get_texts()]


def test_the_score_that_chose_the_epoch_is_drawn_and_named() -> None:
    figure = learning_curve.draw_curve(curve(epoch=[1, 2, 3]), "log_loss")
    assert legend(figure, 0) == ["train", "validation", "validation log-loss", "kept: epoch 2, lowest log-loss"]
    lines = {str(line.get_label()): line for line in figure.axes[0].lines}
    assert lines["validation log-loss"].get_ydata().tolist() == [0.9, 0.5, 0.6]  # type: ignore[union-attr]
    figure = learning_curve.draw_curve(curve(epoch=[1, 2, 3]).assign(kept=[0, 0, 1]), "macro_f1")
    assert legend(figure, 1)[-1] == "kept: epoch 3, highest macro F1"


def test_an_epoch_that_no_score_chose_is_not_called_the_best() -> None:
    figure = learning_curve.draw_curve(curve(epoch=[1, 2, 3]).assign(kept=[0, 0, 1]), "log_loss")
    assert legend(figure, 0)[-1] == "kept: epoch 3"
    figure = learning_curve.draw_curve(curve(epoch=[1, 2, 3]).iloc[1:2], "log_loss")
    assert legend(figure, 0)[-1] == "kept: epoch 2"


def test_without_smoothing_the_validation_loss_is_drawn_once() -> None:
    table = curve(C=[0.1, 1, 10])
    figure = learning_curve.draw_curve(table.assign(validation_loss=table["validation_log_loss"]), "log_loss")
    assert legend(figure, 0)[:2] == ["train", "validation log-loss"]


def test_values_of_c_are_read_as_numbers_and_do_not_touch() -> None:
    figure = learning_curve.draw_curve(curve(C=[0.03, 0.1, 300]), "log_loss")
    figure.draw_without_rendering()
    for axes in figure.axes:
        assert [text.get_text() for text in axes.get_xticklabels()] == ["0.03", "0.1", "300"]
        assert not any(text.get_text() for text in axes.get_xticklabels(minor=True))


def test_of_many_values_of_c_some_are_written() -> None:
    values = [0.001 * 1.5**number for number in range(24)]
    table = pd.concat([curve(epoch=[1, 2, 3])] * 8).assign(C=values)
    figure = learning_curve.draw_curve(table, "log_loss")
    figure.draw_without_rendering()
    boxes: list[Bbox] = [text.get_window_extent() for text in figure.axes[0].get_xticklabels()]
    assert len(boxes) > 3
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
