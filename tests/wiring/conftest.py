"""Homes for servers of one's own, and processes that use these."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from moorage.wiring.scratch import remove_home, scratch_home
from tests.support.bundled import stop_what_runs, user_process


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that is nobody's yet."""
    path = scratch_home()
    yield path
    stop_what_runs(path)
    remove_home(path)


@pytest.fixture
def use() -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """Start processes that use the server of a home."""
    started = []

    def start_one(home: Path) -> subprocess.Popen[str]:
        started.append(user_process(home))
        return started[-1]

    yield start_one
    for process in started:
        process.kill()
        process.wait()
