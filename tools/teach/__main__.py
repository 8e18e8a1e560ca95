"""Make a run a teacher for method distil: `python -m tools.teach COMMIT NAME`.

Writes the logits that the run's classifier gives the training rows of the workspace to data/teachers/NAME.parquet, and
its commit and their checksum to NAME.yaml. Commit both, and name NAME in distil.teachers.
"""

import argparse

from tools import command


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("teach", __doc__)
    parser.add_argument("rev", metavar="COMMIT", help="a commit, tag, branch or experiment with the teacher's run")
    parser.add_argument("name", metavar="NAME", help="a name for it: letters, digits, - and _")
    parser.add_argument("--about", default="", help="a sentence for the spec")
    return parser.parse_args()


def main() -> None:
    """Write the two files."""
    options = parse_args()
    from tools.runs.run import open_run
    from tools.teach.teach import teach

    folder = teach(open_run(options.rev), open_run(), options.name, options.about)
    print(f"wrote {folder / options.name}.parquet and .yaml; git add them, and set distil.teachers to [{options.name}]")


if __name__ == "__main__":
    command.run(main)
