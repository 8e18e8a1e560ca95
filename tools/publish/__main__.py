"""Publish: the classifier on the Hugging Face Hub with a model card, `python -m tools.publish --repo-id me/my-model`.

The repository is private unless `--public` is given. `--dry-run` writes the folder and shows what would be sent.
"""

import argparse
from pathlib import Path

from tools import command

FOLDER = Path("exported/hub")


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("publish", __doc__)
    parser.add_argument("--repo-id", required=True, metavar="NAME/REPOSITORY", help="such as me/my-model")
    parser.add_argument("--rev", help="use the model of this commit, tag, branch or experiment")
    parser.add_argument("--license", metavar="ID", help="of the model, as the Hub names it: apache-2.0, cc-by-4.0, ...")
    parser.add_argument("--public", action="store_true", help="make the repository public")
    parser.add_argument("--dry-run", action="store_true", help=f"write {FOLDER} and show what would be sent")
    return parser.parse_args()


def main() -> None:
    """Publish as the command line says."""
    options = parse_args()
    from tools.publish.hub import check_repo, prepare, push

    check_repo(options.repo_id, options.dry_run)
    run = prepare(FOLDER, options.repo_id, options.rev, options.license, options.dry_run)
    for file in sorted(path for path in FOLDER.rglob("*") if path.is_file()):
        print(f"{file.stat().st_size:12,}  {file}")
    if options.dry_run:
        access = "public" if options.public else "private"
        print(f"nothing was sent; it would go to {options.repo_id}, {access}")
    else:
        print(push(FOLDER, options.repo_id, options.public, f"Commit {run.revision.commit}"))


if __name__ == "__main__":
    command.run(main)
