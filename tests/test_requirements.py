"""What is installed is what is written down: every requirement pinned with hashes, one version of each everywhere."""

import ast
import importlib.metadata
import re
import sys
from pathlib import Path

import pytest

from moorage.wiring.migrate import ROOT


@pytest.mark.parametrize(
    ("wanted", "lock"), [("requirements.in", "requirements.lock"), ("requirements-dev.in", "requirements-dev.lock")]
)
def test_every_requirement_is_pinned_with_its_hashes(wanted, lock):
    pins = pinned(ROOT / lock)
    names = {canonical(re.split(r"[\[<>=~! ]", line)[0]) for line in requirements(ROOT / wanted)}
    assert names <= pins.keys(), "write the lock anew (requirements.in says how)"
    assert all(hashes for _, hashes in pins.values())


def test_development_runs_the_versions_that_are_shipped():
    development = pinned(ROOT / "requirements-dev.lock")
    for name, pin in pinned(ROOT / "requirements.lock").items():
        assert development[name] == pin


def test_what_the_program_imports_is_shipped_with_it():
    shipped = pinned(ROOT / "requirements.lock").keys()
    homes = importlib.metadata.packages_distributions()
    for name in (
        (imported(ROOT / "moorage") | imported(ROOT / "benchmarks"))
        - sys.stdlib_module_names
        - {"moorage", "benchmarks", "examples"}
    ):
        assert {canonical(home) for home in homes[name]} & shipped, f"{name} is not in requirements.in"


def imported(package: Path) -> set[str]:
    """The top-level names that the modules of a package import, wherever in the module."""
    names = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(node.module.split(".")[0])
    return names


def requirements(path: Path) -> list[str]:
    lines = [line.split("#")[0].strip() for line in path.read_text().splitlines()]
    return [line for line in lines if line and not line.startswith("-")]


def pinned(path: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Name: (version, hashes) of a lock file."""
    entries = re.findall(
        r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)[^\\\n]*((?:\\\n +--hash=\S+ ?)*)", path.read_text(), re.MULTILINE
    )
    return {
        canonical(name): (version, frozenset(re.findall(r"sha256:\w+", hashes))) for name, version, hashes in entries
    }


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
