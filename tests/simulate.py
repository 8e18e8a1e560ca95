"""Does the review's statistics hold? `python -m tests.simulate` draws worlds of which the truth is known (minutes).

In a world, each test row has a margin by which models get it right, each seed of a configuration shifts all margins a
little, and each model has its own noise on every row. Two configurations of the same kind differ by nothing but seeds.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from textclf.metrics.scores import roc_auc, roc_auc_influence
from tools.markdown_table import table
from tools.review.oos_differences import auroc
from tools.review.rules import read_rules
from tools.stats.difference import Difference, SeedVariance, compare, seed_variance
from tools.stats.influence import F1_BY_LABEL, Score, Side, scores
from tools.stats.power import detectable_difference
from tools.stats.verdict import verdict

PAIRS = 1000
RECORDED = 5  # seeds of the configuration whose spread is known

Scores = dict[str, Score]


@dataclass(frozen=True)
class World:
    """`rows` test rows of `labels` labels; how much margins vary by seed, and by row and model."""

    rows: int = 1200
    labels: int = 24
    by_seed: float = 0.03
    by_model: float = 0.5
    probabilities: bool = False  # of all labels, for roc_auc; slow

    def draw(self, random: np.random.Generator) -> "Rows":
        """Return new test rows."""
        actual = random.permutation(np.arange(self.rows) % self.labels)
        near = (actual + random.integers(1, min(4, self.labels), self.rows)) % self.labels
        return Rows(self, actual, near, random.normal(2.6, 2.0, self.rows))


@dataclass(frozen=True)
class Rows:
    """Test rows: actual label, the label that a wrong model takes it for, and margin."""

    world: World
    actual: NDArray[np.int64]
    near: NDArray[np.int64]
    margin: NDArray[np.float64]

    def model(self, random: np.random.Generator, shift: float = 0.0) -> Scores:
        """Return the scores of a new seed; `shift` is added to all margins."""
        size = len(self.actual)
        margin = (
            self.margin + shift + random.normal(0, self.world.by_seed) + random.normal(0, self.world.by_model, size)
        )
        return self.scored(margin)

    def scored(self, margin: NDArray[np.float64]) -> Scores:
        """Return the scores of a model with these margins."""
        predicted, loss = np.where(margin > 0, self.actual, self.near), np.log1p(np.exp(-margin))
        side = Side(self.actual, predicted, loss)
        if self.world.probabilities:
            chances, places = np.full((len(margin), self.world.labels), 0.01), np.arange(len(margin))
            chances[places, self.actual], chances[places, self.near] = (
                1 / (1 + np.exp(-margin)),
                1 / (1 + np.exp(margin)),
            )
            chances /= chances.sum(axis=1, keepdims=True)
            influence = roc_auc_influence(self.actual, chances)
            side = Side(self.actual, predicted, loss, influence, roc_auc(self.actual, chances))
        return {name: score for name, score in scores(side, self.world.labels).items() if name != F1_BY_LABEL}


def pairs(world: World, seeds: int, number: int, shift: float = 0.0, start: int = 0) -> Iterator[dict[str, Difference]]:
    """Yield the differences of `number` pairs of configurations; with one seed, the spread is known from a record."""
    for case in range(start, start + number):
        random = np.random.default_rng(case)
        rows = world.draw(random)
        base = [rows.model(random) for _ in range(seeds)]
        head = [rows.model(random, shift) for _ in range(seeds)]
        known = recorded([rows.model(random) for _ in range(RECORDED)]) if seeds == 1 else {}
        yield {
            name: compare([one[name] for one in base], [one[name] for one in head], (known.get(name), known.get(name)))
            for name in base[0]
        }


def recorded(models: list[Scores]) -> dict[str, SeedVariance]:
    """Return the variance between seeds of each score."""
    return {name: seed_variance([one[name] for one in models]) for name in models[0]}


def truth(world: World, shift: float) -> dict[str, float]:
    """Return the true differences that `shift` makes, over many rows and seeds, which both sides share here."""
    large = World(20_000, world.labels, world.by_seed, world.by_model)
    found = []
    for case in range(200):
        rows = large.draw(np.random.default_rng(case))
        before, after = (rows.model(np.random.default_rng(10_000 + case), more) for more in (0.0, shift))
        found.append({name: float(after[name].value - before[name].value) for name in before})
    return {name: float(np.mean([one[name] for one in found])) for name in found[0]}


def outside(world: World, seeds: int, number: int, shift: float = 0.0) -> dict[str, float]:
    """Return the share of intervals, by score, that don't hold the true difference."""
    true = truth(world, shift) if shift else {}
    missed: dict[str, list[bool]] = {}
    for found in pairs(world, seeds, number, shift):
        for name, one in found.items():
            missed.setdefault(name, []).append(not one.low <= true.get(name, 0.0) <= one.high)
    return {name: float(np.mean(values)) for name, values in missed.items()}


def found_share(world: World, seeds: int, number: int, shift: float) -> float:
    """Return the share of pairs in which the accuracy of a better configuration is called improved."""
    effect = read_rules().effects["accuracy"]
    every = [found["accuracy"] for found in pairs(world, seeds, number, shift)]
    return float(np.mean([called(one, "accuracy", effect) == "improved" for one in every]))


def called(found: Difference, name: str, effect: float) -> str:
    """Return the verdict on a difference."""
    return verdict(name, float(found.difference), float(found.low), float(found.high), effect)


def rounded(world: World, number: int, noise: float = 0.003) -> Iterator[dict[str, Difference]]:
    """Yield the differences of `number` pairs that differ by another processor's rounding; the spread is known."""
    for case in range(number):
        random = np.random.default_rng(case)
        rows = world.draw(random)
        margin = rows.margin + random.normal(0, world.by_model, world.rows)
        before, after = rows.scored(margin), rows.scored(margin + random.normal(0, noise, world.rows))
        known = recorded([rows.model(random) for _ in range(RECORDED)])
        yield {name: compare([before[name]], [after[name]], (known[name],) * 2) for name in before}


def processors(world: World, number: int) -> tuple[int, int]:
    """Return how many pairs that differ by another processor's rounding are called changed, and how many pass."""
    effects, every = read_rules().effects, list(rounded(world, number))
    verdicts = [{called(found[name], name, effect) for name, effect in effects.items()} for found in every]
    return sum(bool(one & {"improved", "regressed"}) for one in verdicts), sum(map(passes, every))


def flips_found(rows: int, flips: int, number: int = 2000) -> tuple[float, float]:
    """Return the difference that is said to be detected with so many flips, and the share of cases in which it is."""
    least = detectable_difference(accuracy_of(rows, (flips + 1) // 2, flips // 2), rows)
    random, found = np.random.default_rng(0), 0
    share = max(flips / rows, least)
    for _ in range(number):
        fixed, broken, _ = random.multinomial(rows, [(share + least) / 2, (share - least) / 2, 1 - share])
        found += bool(accuracy_of(rows, fixed, broken).p <= 0.05)
    return least, found / number


def accuracy_of(rows: int, fixed: int, broken: int) -> Difference:
    """Return the difference in accuracy of two models that differ in so many rows."""
    before, after = np.ones(rows), np.ones(rows)
    before[:fixed], after[fixed : fixed + broken] = 0, 0
    sides = [Score(np.asarray(side.mean()), side - side.mean()) for side in (before, after)]
    return compare([sides[0]], [sides[1]])


def auroc_missed(out_rows: int, number: int) -> float:
    """Return the share of intervals of a difference of AUROCs that miss it, with so many out-of-scope rows."""
    missed = 0
    for case in range(number):
        random = np.random.default_rng(case)
        out = np.arange(400 + out_rows) >= 400
        shared = random.normal(size=len(out)) + 1.5 * out
        one, other = (auroc(out, shared + random.normal(0, 0.7, len(out))) for _ in range(2))
        found = compare([one], [other])
        missed += not found.low <= 0 <= found.high
    return missed / number


def passing(world: World, seeds: int, number: int) -> float:
    """Return the share of unchanged models that pass every rule of review.yaml for these scores."""
    return sum(map(passes, pairs(world, seeds, number))) / number


def passes(found: dict[str, Difference]) -> bool:
    """Return whether these differences break no rule of review.yaml for scores."""
    rules = read_rules().metrics
    losses = {
        name: -found[name].low if rule.direction == "higher" else found[name].high for name, rule in rules.items()
    }
    return all(loss <= rules[name].margin for name, loss in losses.items())


def main() -> None:
    """Print all of it as Markdown."""
    worlds = {"1,200 rows, 24 labels": World(), "3,080 rows, 77 labels": World(3080, 77, by_seed=0.02)}
    lines = []
    for title, world in worlds.items():
        for seeds in (1, 5):
            null, planted = outside(world, seeds, PAIRS), outside(world, seeds, PAIRS, 0.15)
            lines += [[title, str(seeds), name, f"{null[name]:.1%}", f"{1 - planted[name]:.1%}"] for name in null]
    print("\n".join(table(["test set", "seeds", "score", "false positives", "coverage of a planted change"], lines)))
    small = World(600, 4, probabilities=True)
    for seeds in (1, 5):
        print(
            f"\nroc_auc, 600 rows, 4 labels, {seeds} seeds: {outside(small, seeds, 400)['roc_auc']:.1%} false positives"
        )
    bank = worlds["3,080 rows, 77 labels"]
    rows = bank.draw(np.random.default_rng(0))
    spread = np.std([float(rows.model(np.random.default_rng(n))["accuracy"].value) for n in range(200)])
    print(f"\nOne configuration's accuracy varies by {100 * spread:.2f} points from seed to seed.")
    better = truth(bank, 0.115)["accuracy"]
    print(f"A change of {100 * better:.1f} points is found in {found_share(bank, 5, 400, 0.115):.0%}.")
    changed, passed = processors(World(), PAIRS)
    print(f"Of {PAIRS} pairs that differ by the processor alone, {changed} are called changed, {passed} pass the gate.")
    for size, flips in ((1200, 3), (1200, 5), (200, 4), (1200, 60)):
        least, share = flips_found(size, flips)
        print(f"{flips} flips of {size:,}: {100 * least:.2f} points are found in {share:.0%}")
    missed = {rows: f"{auroc_missed(rows, PAIRS):.1%}" for rows in (2, 5, 10, 20, 50)}
    print("AUROC intervals miss, by out-of-scope rows:", missed)
    for seeds in (1, 5):
        print(f"An unchanged model passes the gate in {passing(World(), seeds, PAIRS):.1%} ({seeds} seeds).")


if __name__ == "__main__":
    main()
