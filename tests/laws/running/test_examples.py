"""The scripts in examples/ work as they stand there, against the product as it runs: with the sandbox, and in full with
every other provider's fake in its place. The books balance afterwards, here and at the provider.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.laws.running.conftest import FULL
from tests.laws.running.house import ROOT, RunningHouse

pytestmark = pytest.mark.timeout(600)

# What the scripts share stands beside them.
SHARED = {"payment_page", "story"}
CONTRACTS = sorted({path.stem for path in (ROOT / "examples").glob("*.py")} - SHARED)
# A merchant of Square sells in one currency, and the demo's people in several: each contract's with its own.
AT_PROVIDERS = [
    ("stripe", CONTRACTS, ()),
    ("paypal", CONTRACTS, ()),
    ("razorpay", CONTRACTS, ()),
    ("square", [name for name in CONTRACTS if name == "marketplace"], ("--currency", "GBP")),
    ("square", [name for name in CONTRACTS if name != "marketplace"], ("--currency", "USD")),
]


@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_example_of_a_contract_runs_to_its_end(house: RunningHouse, contract: str) -> None:
    _run(house, contract, {})


@pytest.mark.skipif(not FULL, reason="with every provider in full only: MOORAGE_LAWS=full")
@pytest.mark.parametrize(("provider", "contracts", "options"), AT_PROVIDERS)
def test_the_examples_run_with_another_provider_and_the_books_agree(
    tmp_path: Path, provider: str, contracts: list[str], options: tuple[str, ...]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    with _fake(provider, port, tmp_path, options) as settings:
        house = RunningHouse(tmp_path, {**settings, "PAYMENT_PROVIDER": provider, "ENVIRONMENT": "development"})
        house.facts = {"base_url": f"http://127.0.0.1:{port}"}
        house.start()
        try:
            for contract in contracts:
                _run(house, contract, settings)
            _moorage(house, "audit")
            _moorage(house, "reconcile", "--provider", provider, "--from", "2020-01-01", "--to", "2100-01-01")
        finally:
            house.stop()


def _run(house: RunningHouse, contract: str, settings: dict[str, str]) -> None:
    script = ROOT / "examples" / f"{contract}.py"
    _succeed([sys.executable, script, "--demo", house.home / "demo.json"], settings)


def _moorage(house: RunningHouse, *command: str) -> None:
    _succeed(
        [sys.executable, "-m", "moorage", *command],
        {
            "MOORAGE_HOME": str(house.home),
            "BASE_URL": house.base_url,  # where the sandbox is asked
            "PYTHONPATH": str(ROOT),
            **house.settings,
        },
    )


def _succeed(command: list[str | Path], settings: dict[str, str]) -> None:
    ended = subprocess.run(
        command, env={**os.environ, **settings}, capture_output=True, text=True, timeout=240, check=False
    )
    assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"


@contextlib.contextmanager
def _fake(provider: str, port: int, folder: Path, options: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """A provider's fake in a process of its own, which tells `port`; the settings that it prints."""
    address = f"http://127.0.0.1:{port}/webhooks/{provider}"
    roots = ("--ca-file", str(folder / "roots.pem")) if provider == "paypal" else ()
    with subprocess.Popen(
        [sys.executable, "-m", f"tests.fakes.{provider}", "--port", "0", "--webhook-url", address, *options, *roots],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            yield _settings_told_by(running)
        finally:
            running.terminate()


def _settings_told_by(fake: subprocess.Popen[str]) -> dict[str, str]:
    assert fake.stdout is not None
    settings: dict[str, str] = {}
    while not any(name.endswith("_BASE_URL") for name in settings):
        name, _, value = fake.stdout.readline().strip().partition("=")
        assert name, "the fake did not come up"
        settings[name] = value
    return settings
