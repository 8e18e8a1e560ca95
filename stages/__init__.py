"""The stages. Run as `python -m stages.<name>`, a stage ends with the dvc that started it."""

import sys

if sys.argv[:1] == ["-m"]:  # while `python -m` looks for the stage's module
    from textclf.process import die_with_parent

    die_with_parent()
