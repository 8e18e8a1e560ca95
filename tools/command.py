"""Shared start and end of the tools: arguments, one-line errors, a quiet exit on a closed pipe."""

import argparse
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textclf.cluster import default_address
from textclf.errors import InputError

CPUS, GPUS = 1.0, 0.0  # of a task on a cluster, unless --cpus and --gpus say otherwise


class Parser(argparse.ArgumentParser):
    """A parser that refuses a task's share of a node where there is no cluster."""

    def parse_args(self, *arguments: Any, **named: Any) -> argparse.Namespace:  # type: ignore[override]
        """Return the options."""
        options: argparse.Namespace = super().parse_args(*arguments, **named)
        if "cpus" in options and not options.address and has_share(options):
            self.error("--cpus and --gpus are shares of a cluster's nodes; add --address or leave them out")
        return options


def parser(name: str, doc: str | None) -> Parser:
    """Return the parser of `python -m tools.<name>`; the first paragraph of its module's docstring describes it.

    Parse before anything heavy is imported, so that --help and a mistake are answered at once.
    """
    description = (doc or "").split("\n\n")[0].replace("\n", " ")
    return Parser(prog=f"python -m tools.{name}", description=description, allow_abbrev=False)


def check_table_alone(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End with one sentence if another option was typed beside --table."""
    for other, value in vars(options).items():
        if options.table and other != "table" and value != parser.get_default(other):
            parser.error(f"--table takes no other option; leave out --{other.replace('_', '-')}")


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """Add the options of a command that can use a Ray cluster."""
    group = parser.add_argument_group("on a Ray cluster")
    group.add_argument(
        "--address", default=default_address(), help="the cluster (RAY_ADDRESS); local starts a Ray here"
    )
    group.add_argument("--cpus", type=positive, default=CPUS, metavar="N", help="processors for each task (1)")
    group.add_argument(
        "--gpus", type=share, default=GPUS, metavar="N", help="GPUs for each task; 0.5 is half a GPU (0)"
    )


def has_share(options: argparse.Namespace) -> bool:
    """Return whether --cpus or --gpus ask for another share of a node than a task has anyway."""
    return (options.cpus, options.gpus) != (CPUS, GPUS)


def names_cluster(options: argparse.Namespace) -> bool:
    """Return whether options for a cluster were typed; RAY_ADDRESS may be meant for other commands."""
    return options.address != default_address() or has_share(options)


def count(typed: str) -> int:
    """Return a whole number of 1 or more.

    >>> count("5")
    5
    """
    if not (typed.strip().isascii() and typed.strip().isdigit()) or int(typed) < 1:
        raise argparse.ArgumentTypeError(f"{typed!r} is not a whole number of 1 or more")
    return int(typed)


def file(typed: str) -> Path:
    """Return the path of a file to write."""
    if Path(typed).is_dir():
        raise argparse.ArgumentTypeError(f"{typed} is a folder; name a file")
    return Path(typed)


def positive(typed: str) -> float:
    """Return a number of processors."""
    if (number := share(typed)) <= 0:
        raise argparse.ArgumentTypeError(f"{typed} is not above 0")
    return number


def share(typed: str) -> float:
    """Return a number of GPUs, or a part of one."""
    try:
        number = float(typed)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{typed!r} is not a number") from None
    if not 0 <= number < 1e6 or (number > 1 and number != int(number)):  # as Ray has it; nan compares as false
        raise argparse.ArgumentTypeError(f"{typed} is neither a whole number nor a fraction below 1")
    return number


def run(main: Callable[[], None]) -> None:
    """Run a tool's `main`: a user's mistake ends it with one sentence and exit code 1, Ctrl-C with exit code 130."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what the terminal can't show is no reason to fail
    try:
        main()
        sys.stdout.flush()
    except BrokenPipeError:  # such as `| head`, which has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains when it flushes
        sys.exit(1)
    except (InputError, OSError) as error:  # OSError: such as a full disk
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
