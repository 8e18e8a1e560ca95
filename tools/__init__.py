"""The commands: python -m tools.<name>."""

import textclf  # noqa: F401  # sets what NumPy reads when it is loaded
