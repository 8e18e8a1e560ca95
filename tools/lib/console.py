"""How a tool behaves among other programs."""

import signal


def end_with_the_reader() -> None:
    """Let `| head` end a tool without a word, as it ends other programs, where the system has that signal."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
