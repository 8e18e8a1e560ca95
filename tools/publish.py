"""Publish: the classifier on the Hugging Face Hub, with a model card, `python -m tools.publish --repo-id me/my-model`.

The repository is private unless `--public` is given. `--dry-run` writes the folder and shows what would go.
"""

import argparse
import sys
from pathlib import Path
from typing import cast

import httpx2
from huggingface_hub import HfApi, ModelCard, constants, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

from stages import classifiers
from stages.lib.errors import InputError
from stages.lib.task import Classifier
from tools.lib.card import AS_IT_IS, write_card
from tools.lib.guard import refuse_stale
from tools.lib.model import MODELS, Model, opened
from tools.lib.revisions import WORKSPACE, refuse_uncommitted, resolve
from tools.lib.runs import Run
from tools.lib.whole_folder import whole

FOLDER = Path("exported/hub")


def package(model: Model, run: Run, folder: Path, repo_id: str, licence: str | None) -> None:
    """Write what goes to the Hub into `folder`: classifier, temperature, threshold, card and its pictures.

    A LoRA adapter is merged into its checkpoint, so that whoever loads the classifier needs no more than transformers.
    """
    method = run.params["method"]
    classifier = cast(Classifier, model.classifier)  # an exported one is never in `models`
    classifiers.save(classifier, "full" if method in AS_IT_IS else method, folder)
    model.copy_rules(folder)
    write_card(folder, run, model, repo_id, licence)


def push(folder: Path, repo_id: str, public: bool, message: str) -> str:
    """Send `folder` to the Hub as one commit, and return its address; `InputError` says what the Hub objects to."""
    api = HfApi()
    try:
        ModelCard.load(folder / "README.md").validate()
        api.create_repo(repo_id, private=not public, exist_ok=True)
        if not public and not api.model_info(repo_id).private:
            raise InputError(f"{repo_id} is there already and public; --public says that this is meant")
        return str(api.upload_folder(repo_id=repo_id, folder_path=folder, commit_message=message).commit_url)
    except HfHubHTTPError as error:
        why = error.server_message or f"status {error.response.status_code}"
        raise InputError(f"{repo_id} was not published, the Hub says: {why}") from None
    except ValueError as error:  # of the card's validation
        raise InputError(f"{repo_id} was not published, the Hub doesn't take its card: {error}") from None
    except httpx2.HTTPError as error:
        kind = type(error).__name__
        raise InputError(f"{constants.ENDPOINT} cannot be reached ({kind}); what would go is in {folder}") from None


def refuse(repo_id: str, dry_run: bool) -> None:
    """Raise `InputError` for a name that the Hub doesn't take, and for a missing token."""
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        raise InputError(f"--repo-id {repo_id}: {error}") from None
    if repo_id.count("/") != 1:
        raise InputError(f"--repo-id {repo_id}: your name or an organisation's is missing, as in me/my-model")
    if not dry_run and get_token() is None:
        raise InputError("no token for the Hub; set HF_TOKEN or run `hf auth login`; --dry-run needs none")


def parsed() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(prog="python -m tools.publish", description=__doc__.splitlines()[0])
    parser.add_argument("--repo-id", required=True, metavar="NAME/REPOSITORY", help="such as me/my-model")
    parser.add_argument("--rev", help="take the model of this commit, tag, branch or experiment")
    parser.add_argument("--license", metavar="ID", help="of the model, as the Hub names it: apache-2.0, cc-by-4.0, ...")
    parser.add_argument("--public", action="store_true", help="let everybody see it")
    parser.add_argument("--dry-run", action="store_true", help=f"write {FOLDER} and show what would go")
    return parser.parse_args()


def prepare(options: argparse.Namespace) -> Run:
    """Check everything, then write `FOLDER` anew; return the run that it is of."""
    refuse(options.repo_id, options.dry_run)
    run = Run(resolve(options.rev or WORKSPACE))
    refuse_stale(run)
    if run.revision.sha is None:
        refuse_uncommitted()
    with opened(MODELS, options.rev) as model, whole(FOLDER) as part:
        package(model, run, part, options.repo_id, options.license)
    return run


def main() -> None:
    """Publish what the command line says."""
    options = parsed()
    try:
        run = prepare(options)
        for file in sorted(path for path in FOLDER.rglob("*") if path.is_file()):
            print(f"{file.stat().st_size:12,}  {file}")
        if options.dry_run:
            print(f"nothing was sent; it would go to {options.repo_id}, {'public' if options.public else 'private'}")
        else:
            print(push(FOLDER, options.repo_id, options.public, f"Commit {run.revision.commit}"))
    except InputError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
