"""The table of a sweep: on a terminal it is drawn anew at each change, elsewhere each change is a line."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

STATES = ("waiting", "running", "done", "failed")


@dataclass
class Row:
    """One experiment: what sets it apart, its state, and the last line of its log."""

    name: str
    values: str
    log: Path
    state: str = "waiting"
    said: str = ""


@dataclass
class Board:
    """All experiments, by name."""

    rows: dict[str, Row]
    drawn: int = 0  # lines on the terminal

    def add_line(self, name: str, line: str) -> None:
        """Keep a line of an experiment's log; with the first one it is running."""
        row = self.rows[name]
        with row.log.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
        row.said = "".join(sign if sign.isprintable() else " " for sign in line).strip()
        if row.state == "waiting":
            self.set_state(name, "running")

    def set_state(self, name: str, state: str, said: str = "") -> None:
        """Change an experiment's state."""
        row = self.rows[name]
        row.state, row.said = state, said or row.said
        if not sys.stderr.isatty():
            print(self.line(row), file=sys.stderr, flush=True)

    def line(self, row: Row) -> str:
        """Return an experiment's line; of a failed one with the last line of its log and the log's path."""
        said = row.said if row.state in ("running", "failed") else ""
        where = f" ({row.log})" if row.state == "failed" else ""
        return f"{row.state:8} {row.name}  {row.values}  {said}{where}".rstrip()

    def draw(self) -> None:
        """Draw the table over the last one, if this is a terminal."""
        if not sys.stderr.isatty():
            return
        width, height = shutil.get_terminal_size()
        counts = ", ".join(f"{self.count(state)} {state}" for state in STATES if self.count(state))
        order = sorted(self.rows.values(), key=lambda row: ("running", "failed", "waiting", "done").index(row.state))
        lines = [counts, *(self.line(row)[: width - 1] for row in order[: max(1, height - 3)])]
        up = f"\x1b[{self.drawn}A\x1b[J" if self.drawn else ""
        sys.stderr.write(up + "\n".join(lines) + "\n")
        sys.stderr.flush()
        self.drawn = len(lines)

    def count(self, state: str) -> int:
        """Return how many experiments are in a state."""
        return sum(row.state == state for row in self.rows.values())
