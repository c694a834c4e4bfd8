"""The contracts of `.importlinter` hold, cover every domain, and bite."""

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from moorage.wiring.migrate import ROOT

PLANTED = {
    "The house": ("kernel/ids.py", "from moorage import domains"),
    "The domains among themselves": ("domains/audit/__init__.py", "from moorage.domains import bookings"),
    "Vendors' libraries": ("domains/bookings/__init__.py", "import httpx"),
    "No web framework": ("journeys/house.py", "from fastapi import Request"),
    "The tables of accounts": ("domains/bookings/__init__.py", "from moorage.domains.accounts import tables"),
    "The tables of payments": ("domains/bookings/errors.py", "from moorage.domains.payments import inbox_tables"),
}


def test_every_domains_tables_are_its_own():
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    importers = {
        module: contracts[name]["allowed_importers"].split()
        for name in contracts.sections()
        if name.startswith("importlinter:contract:tables-of-")
        for module in contracts[name]["protected_modules"].split()
    }
    assert importers == {
        f"moorage.domains.{path.parent.name}.{path.stem}": [f"moorage.domains.{path.parent.name}"]
        for path in (ROOT / "moorage" / "domains").glob("*/*tables.py")
    }


@pytest.fixture(scope="module")
def planted_report(tmp_path_factory) -> str:
    """What the check says of a copy of the house with one violation of each kind in it."""
    copy = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "moorage", copy / "moorage", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", copy)
    for path, line in PLANTED.values():
        with (copy / "moorage" / path).open("a") as module:
            module.write(f"\n{line}\n")
    checked = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo"],
        cwd=copy,
        env={"PYTHONPATH": str(copy), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 1, checked.stderr
    return checked.stdout


@pytest.mark.parametrize("contract", PLANTED)
def test_a_forbidden_import_is_found(planted_report, contract):
    verdicts = [line for line in planted_report.splitlines() if line.startswith(contract) and line.endswith("BROKEN")]
    assert verdicts, planted_report
