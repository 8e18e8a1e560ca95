"""Say whether this run's processor is of another kind than the committed run's: `python -m tools.machine_note`.

`make repro` ends with it: on another kind of processor the outputs differ in their last digits, and git shows changed
files although nobody changed anything.
"""

from typing import Any

from tools import command

TRAINED = "metrics/train.json"
KEYS = ("processor", "threads", "precision")


def note(committed: dict[str, object], here: dict[str, object]) -> str:
    """Return a line that says what differs and what to do, or nothing.

    >>> note({"processor": "a", "threads": 2}, {"processor": "b", "threads": 2}).split(":")[0]
    'another machine than that of the committed run (processor a -> b)'
    """
    changed = [
        f"{key} {committed[key]} -> {here[key]}"
        for key in KEYS
        if key in committed and key in here and committed[key] != here[key]
    ]
    if not changed:
        return ""
    return (
        f"another machine than that of the committed run ({', '.join(changed)}): outputs differ in their last digits. "
        "Keep them: git commit -am 'Run on this machine'; or go back: git restore dvc.lock metrics plots; dvc checkout"
    )


def main() -> None:
    """Print the line, if there is something to say."""
    command.parser("machine_note", __doc__).parse_args()
    from textclf.revisions import UNKNOWN, WORKSPACE, resolve  # imports dvc, which takes a second

    workspace = resolve(WORKSPACE)
    if workspace.commit == UNKNOWN:  # nothing is committed yet
        return
    committed, here = (_trained(revision) for revision in (resolve("HEAD"), workspace))
    if line := note(committed, here):
        print(line)


def _trained(revision: Any) -> dict[str, object]:
    values: dict[str, object] = revision.json(TRAINED) if revision.tracked(TRAINED) else {}
    return values


if __name__ == "__main__":
    command.run(main)
