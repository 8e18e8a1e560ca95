"""The commit that a pipeline's model belongs to."""

from textclf.errors import InputError
from textclf.inference.files import MODEL
from textclf.revisions import UNKNOWN, Revision
from tools.runs.run import open_run, outputs


def pipeline_commit(revision: Revision) -> str:
    """Return the revision's commit; of the workspace HEAD, if its dvc.lock names the model here, else `unknown`."""
    if revision.sha is not None:
        return revision.sha
    try:
        head = open_run("HEAD")
        locked = outputs(head.lock)
    except InputError:  # no repository, or no pipeline in it
        return UNKNOWN
    path = MODEL.as_posix()
    return head.revision.commit if revision.md5(path) == locked.get(path) else UNKNOWN
