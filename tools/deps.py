"""Write the code and the packages that each stage depends on: `python -m tools.deps`, or `make deps`.

They follow from the imports: the code part of each stage's `deps` in dvc.yaml, and requirements/<stage>.txt with the
pins of the packages that the stage imports and of those that they need.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

from tools import command

DVC_YAML, PINS = Path("dvc.yaml"), Path("requirements.txt")
MARK = "      # Code and packages, written by `make deps`.\n"
# Code that can stop a run, but never change its bytes: no stage depends on it.
NO_DEPS = (
    "textclf/__init__.py",  # `load`, the door for programs; see `FIRST`
    "textclf/cache.py",
    "textclf/cluster.py",
    "textclf/encoders/quiet.py",
    "textclf/errors.py",
    "textclf/params.py",
    "textclf/process.py",
    "textclf/progress.py",
    "textclf/revisions.py",  # models of other commits, which no stage asks for
    "textclf/specs.py",
    "textclf/training/advice.py",
)
FIRST = Path("textclf/environment.py")  # which textclf/__init__.py imports, and so every stage
BY_METHOD = ("textclf/methods", "textclf/classifiers")  # a module for each method: a stage depends on the chosen one


@dataclass
class Imports:
    """Files of the project and top-level names of packages that a stage imports, directly or not."""

    files: set[Path] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)


def stage_imports(script: Path) -> Imports:
    """Return what `script` imports, without `NO_DEPS` and empty files."""
    imports, waiting = Imports(), [script, FIRST]
    while waiting:
        file = waiting.pop()
        if file in imports.files or file.as_posix() in NO_DEPS or not file.stat().st_size:
            continue
        imports.files.add(file)
        if (data := file.with_suffix(".txt")).is_file():  # what the module beside it reads
            imports.files.add(data)
        for name in imported_names(file):
            waiting += module_files(name)
            if name.split(".")[0] not in ("textclf", "stages", "tools"):
                imports.packages.add(name.split(".")[0])
    return imports


def imported_names(file: Path) -> Iterator[str]:
    """Yield the modules that `file` imports; `textclf.methods.*` for a module whose name is known only at run time."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute) and node.attr in ("read_parquet", "to_parquet"):
            yield "pyarrow"  # which pandas imports
        elif isinstance(node, ast.JoinedStr) and isinstance(start := node.values[0], ast.Constant):
            yield from (f"{package}*" for package in re.findall(r"^textclf(?:\.\w+)+\.$", str(start.value)))


def module_files(name: str) -> list[Path]:
    """Return the project's files that importing `name` runs: the module and the packages around it."""
    path = Path(name.replace(".", "/"))
    if path.parts[0] not in ("textclf", "stages", "tools"):
        return []
    modules = sorted(path.parent.glob("[a-z]*.py")) if path.name == "*" else [path.with_suffix(".py")]
    packages = [folder / "__init__.py" for folder in (path, *path.parents[:-1])]
    return [file for file in (*modules, *packages) if file.is_file()]


def code_deps(files: set[Path], *further: str) -> list[str]:
    """Return the code part of a stage's deps and `further` ones, sorted; a method's own modules as `${method}.py`."""
    methods = {path.stem for path in Path(BY_METHOD[0]).glob("[a-z]*.py")}
    chosen = {file for file in files if file.parent.as_posix() in BY_METHOD and file.stem in methods}
    paths = {file.as_posix() for file in files - chosen} | {
        f"{file.parent.as_posix()}/${{method}}.py" for file in chosen
    }
    return sorted(paths | set(further))


def with_code_deps(text: str, stage: str, deps: list[str]) -> str:
    """Return dvc.yaml's `text` with the code part of the stage's deps replaced."""
    part = re.compile(
        rf"(^  {stage}:\n(?:    .*\n)*?    deps:\n(?:      - .*\n)*?){re.escape(MARK)}(?:      - .*\n)*", re.M
    )
    lines = MARK + "".join(f"      - {dep}\n" for dep in deps)
    replaced, number = part.subn(lambda match: match[1] + lines, text)
    if not number:
        raise ValueError(f"dvc.yaml: stage {stage} has no line {MARK.strip()!r} under its deps")
    return replaced


def needed_pins(packages: set[str], pins: dict[str, str]) -> list[str]:
    """Return the pins of `packages`, given by their import names, and of all packages that they need."""
    providers = _providers()
    if unknown := packages - set(providers) - sys.stdlib_module_names:
        raise ValueError(f"{min(unknown)} is imported, but not installed")
    waiting = [name for package in packages for name in providers.get(package, [])]
    needed: set[str] = set()
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in pins and name not in needed:
            needed.add(name)
            # Regardless of markers: the lists are the same on every system and Python.
            lines = (line for line in distribution(name).requires or [] if "extra ==" not in line)
            waiting += [match[0] for line in lines if (match := re.match(r"[\w.-]+", line))]
    return sorted(pins[name] for name in needed)


@cache
def _providers() -> Mapping[str, list[str]]:
    return packages_distributions()


def stage_files() -> dict[Path, str]:
    """Return the content of dvc.yaml and of each requirements/<stage>.txt as the imports require."""
    lines = [line for line in PINS.read_text(encoding="utf-8").splitlines() if "==" in line]
    pins = {line.split("==")[0]: line for line in lines}
    text, files = DVC_YAML.read_text(encoding="utf-8"), {}
    for stage in re.findall(r"^  (\w+):\n    (?:desc|cmd):", text, re.M):
        imports = stage_imports(Path(f"stages/{stage}.py"))
        needed, file = needed_pins(imports.packages, pins), f"requirements/{stage}.txt"
        text = with_code_deps(text, stage, code_deps(imports.files, *[file] if needed else []))
        if needed:
            files[Path(file)] = "\n".join(needed) + "\n"
    return {DVC_YAML: text} | files


def main() -> None:
    """Write the files that differ."""
    command.parser("deps", __doc__).parse_args()
    for path, text in stage_files().items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path}")


if __name__ == "__main__":
    command.run(main)
