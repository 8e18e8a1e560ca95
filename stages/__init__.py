"""The stages. A stage that dvc runs as `python -m stages.<name>` ends with that dvc."""

import os
import sys

import textclf  # noqa: F401  # sets what NumPy reads when it is loaded

if sys.argv[:1] == ["-m"] and "DVC_STAGE" in os.environ:  # while `python -m` looks for the stage's module
    from textclf.process import die_with_parent

    die_with_parent()
