"""What is installed is what is written down: every requirement pinned with hashes, one version of each everywhere."""

import re
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
