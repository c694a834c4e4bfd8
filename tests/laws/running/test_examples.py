"""The scripts in examples/ work as they stand there, against the product as it runs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.laws.running.house import ROOT, RunningHouse

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("contract", ["marketplace", "payment_records", "catering", "practice"])
def test_the_example_of_a_contract_runs_to_its_end(house: RunningHouse, contract: str) -> None:
    ended = subprocess.run(
        [sys.executable, ROOT / "examples" / f"{contract}.py", "--demo", house.home / "demo.json"],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
