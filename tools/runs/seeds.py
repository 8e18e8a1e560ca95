"""Several seeds of a run's configuration: those that are not recorded yet are run as experiments of its own commit."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from textclf.cache import cache_folder
from textclf.errors import InputError
from textclf.process import TIMES
from textclf.revisions import check_queue, snapshot
from tools.cluster.experiments import Resources, run_experiments
from tools.cluster.node import Experiment
from tools.processes import output
from tools.runs.config import config_hash
from tools.runs.experiments import ensure_experiment, is_here, mirrors
from tools.runs.records import Record, new_folder, read_record, write_seed
from tools.runs.run import Run, open_run
from tools.runs.stale import stale


def ensure_seeds(run: Run, wanted: int, resources: Resources | None = None) -> Record:
    """Return the record of the run's configuration and code with at least `wanted` seeds; missing ones are run.

    Each is an experiment of the run's own commit, in a checkout of its own, one after the other or, with `resources`,
    on a Ray cluster; what DVC has cached isn't trained again. An interrupted call goes on where it was.
    """
    name = config_hash(run)
    if reason := stale(run):
        raise InputError(f"{reason}; run dvc repro first: its scores are the first seed's")
    if name is None:
        raise InputError(f"{run.revision.name}: metrics/train.json names no precision; run dvc repro there")
    found = read_record(run)
    folder = found.folder if found else new_folder(run)
    own = int(run.params["seed"])
    missing = _missing(found.seeds if found else [own], own, wanted)
    if missing:
        check_queue()
    if found is None:
        write_seed(run, folder)
    if missing:
        count = f"{len(missing)} seed{'s' * (len(missing) > 1)}"
        print(f"{run.revision.name}: {count} to run{_estimate(len(missing))}", file=sys.stderr, flush=True)
        sha = snapshot(run.revision)
        names = {f"seed-{sha[:7]}-{name[:7]}-{seed}": seed for seed in missing}
        if resources:
            _run_on_cluster(sha, names, name, folder, resources)
            return Record(folder)
        with checkout(sha) as place:
            for experiment, seed in names.items():
                write_seed(_checked(ensure_experiment(place, experiment, [f"seed={seed}"]), name), folder)
    return Record(folder)


def _run_on_cluster(sha: str, names: dict[str, int], name: str, folder: Path, resources: Resources) -> None:
    """Run the experiments `names` with their seeds, except those that are here; record each one as it comes."""

    def record(experiment: str) -> None:
        write_seed(_checked(open_run(experiment), name), folder)

    here = [experiment for experiment in names if is_here(experiment)]
    for experiment in here:
        record(experiment)
    waiting = [Experiment(one, [f"seed={seed}"]) for one, seed in names.items() if one not in here]
    if failures := run_experiments((sha, sha), waiting, resources, mirrors(), record):
        first, reason = next(iter(failures.items()))
        raise InputError(f"{len(failures)} of {len(names)} seeds failed, such as {first}: {reason}")


@contextmanager
def checkout(sha: str) -> Iterator[Path]:
    """Yield a checkout of the commit `sha` beside the main one, with the same DVC cache; it goes when all is done.

    It stays after an interruption, with the checkpoints that a training resumes from.
    """
    place = cache_folder("checkouts") / sha[:12]
    place.parent.mkdir(parents=True, exist_ok=True)
    with _locked(place.with_suffix(".lock")):
        if (place / ".git").exists():
            output("git", "-C", str(place), "reset", "--quiet", "--hard", sha)
            output("git", "-C", str(place), "clean", "--quiet", "-fd")
        else:
            shutil.rmtree(place, ignore_errors=True)
            output("git", "worktree", "prune")
            output("git", "worktree", "add", "--quiet", "--detach", str(place), sha)
        _share_cache(place)
        yield place
        output("git", "worktree", "remove", "--force", str(place))


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold the lock `file`; say so where another process has it for as long as its trainings take."""
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"another process is using {file.with_suffix('')}; waiting until it ends", file=sys.stderr, flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _share_cache(place: Path) -> None:
    """Give the checkout the main one's local settings of DVC, and its cache."""
    local = Path(".dvc/config.local")
    if local.is_file():
        shutil.copy(local, place / local)
    cache = Path(output("dvc", "cache", "dir")).resolve()
    output("dvc", "config", "--local", "cache.dir", str(cache), cwd=place)


def _missing(recorded: list[int], first: int, wanted: int) -> list[int]:
    further = (seed for seed in range(first, first + wanted + len(recorded)) if seed not in recorded)
    return [seed for seed, _ in zip(further, range(wanted - len(recorded)), strict=False)]


def _estimate(runs: int) -> str:
    seconds = [float(file.read_text()) for file in TIMES.glob("*.txt")] if TIMES.is_dir() else []
    minutes = max(1, round(runs * sum(seconds) / 60))
    return f", about {minutes} minute{'s' * (minutes > 1)} (by the stages' last times here)" if seconds else ""


def _checked(found: Run, name: str) -> Run:
    """Return an experiment's run, or raise `InputError` if it is of another configuration than `name`."""
    if config_hash(found) != name:
        experiment = found.revision.name
        raise InputError(f"the experiment {experiment} has another configuration; dvc exp remove {experiment}")
    return found
