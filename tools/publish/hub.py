"""The folder that goes to the Hub, and sending it."""

import sys
from pathlib import Path
from typing import cast

import httpx2
from huggingface_hub import HfApi, ModelCard, constants, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

from textclf import classifiers
from textclf.atomic import replace_folder
from textclf.classifiers.base import Classifier
from textclf.errors import InputError
from textclf.inference.files import OOS_FOLDER, PREPARATION_FOLDER, READ, write_checksums
from textclf.inference.model import Model, load_model
from textclf.revisions import check_committed
from tools.card.card import write_card
from tools.runs.run import Run, open_run
from tools.runs.stale import check_current

# An earlier model's files, which this one may not have: what a library would read, and the words of its texts.
EARLIER = [f"{PREPARATION_FOLDER}/*", f"{OOS_FOLDER}/*", *(f"*{ending}" for ending in READ)]


def check_repo(repo_id: str, dry_run: bool) -> None:
    """Raise `InputError` for a name that the Hub doesn't accept, and for a missing token."""
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        raise InputError(f"--repo-id {repo_id}: {error}") from None
    if repo_id.count("/") != 1:
        raise InputError(f"--repo-id {repo_id}: your name or an organization's is missing, as in me/my-model")
    if not dry_run and get_token() is None:
        raise InputError("no token for the Hub; set HF_TOKEN or run `hf auth login`; --dry-run needs none")


def prepare(folder: Path, repo_id: str, rev: str | None, license: str | None, dry_run: bool) -> Run:
    """Check the run, then replace `folder` by the files for the Hub; return the run.

    What is not committed is refused, or with `dry_run` said.
    """
    run = open_run(rev)
    check_current(run)
    if run.revision.sha is None:
        try:
            check_committed()
        except InputError as error:
            if not dry_run:
                raise
            print(f"warning: without --dry-run this would be refused: {error}", file=sys.stderr)
    model = load_model(rev=run.revision.sha, exact=True)  # of the same commit, wherever the name points by now
    with replace_folder(folder) as part:
        package(model, run, part, repo_id, license)
    return run


def package(model: Model, run: Run, folder: Path, repo_id: str, license: str | None) -> None:
    """Write the files for the Hub into `folder`: the model, its card and the card's pictures.

    A LoRA adapter is merged into its checkpoint when it is loaded, so whoever loads the classifier needs transformers
    alone.
    """
    classifiers.save(cast(Classifier, model.classifier), folder)  # an exported one is never in models/classifier
    model.copy_rules(folder)
    write_checksums(folder)
    write_card(folder, run, model, repo_id, license)


def push(folder: Path, repo_id: str, public: bool, message: str) -> str:
    """Send `folder` to the Hub, and return the commit's address; `InputError` with the Hub's objection.

    The files of a model that was published there before go away; the repository's history keeps them.
    """
    api = HfApi()
    try:
        ModelCard.load(folder / "README.md").validate()
        api.create_repo(repo_id, private=not public, exist_ok=True)
        private = bool(api.model_info(repo_id).private)  # a repository that exists stays as it is
        if not public and not private:
            raise InputError(f"{repo_id} exists and is public; pass --public if this is intended")
        sent = api.upload_folder(repo_id=repo_id, folder_path=folder, commit_message=message, delete_patterns=EARLIER)
        if public and private:
            api.update_repo_settings(repo_id, private=False)
        return str(sent.commit_url)
    except HfHubHTTPError as error:
        why = error.server_message or f"status {error.response.status_code}"
        raise InputError(f"{repo_id} was not published; the Hub answered: {why}") from None
    except ValueError as error:  # of the card's validation
        raise InputError(f"{repo_id} was not published; the Hub rejects its card: {error}") from None
    except httpx2.HTTPError as error:
        kind = type(error).__name__
        raise InputError(
            f"{constants.ENDPOINT} cannot be reached ({kind}); the prepared files are in {folder}"
        ) from None
