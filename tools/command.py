"""Shared start and end of the tools: arguments, one-line errors, a quiet exit on a closed pipe."""

import argparse
import io
import os
import sys
from collections.abc import Callable

from textclf.errors import InputError


def parser(name: str, doc: str | None) -> argparse.ArgumentParser:
    """Return the parser of `python -m tools.<name>`; the first paragraph of its module's docstring describes it.

    Parse before anything heavy is imported, so that --help and a mistake are answered at once.
    """
    description = (doc or "").split("\n\n")[0].replace("\n", " ")
    return argparse.ArgumentParser(prog=f"python -m tools.{name}", description=description, allow_abbrev=False)


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
