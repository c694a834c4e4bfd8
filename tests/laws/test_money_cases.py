"""Each case that money has to hold in has a test by its number."""

import re
from pathlib import Path

from moorage.wiring.sql_files import PACKAGE

TESTS = Path(__file__).parent.parent
# Cases of the same name that are about time.
OF_TIME = ("domains/availability", "laws")
# Paying out is not here yet.
NOT_YET = {24}


def test_every_case_of_money_is_tested_by_number():
    files = [path for path in TESTS.rglob("test_*.py") if not str(path.relative_to(TESTS)).startswith(OF_TIME)]
    named = {int(number) for path in files for number in re.findall(r"def test_case_(\d+)_", path.read_text())}
    built = {path.name for path in (PACKAGE / "domains").iterdir()}
    expected = set(range(1, 31)) - (NOT_YET if "payouts" not in built else set())
    assert expected - named == set()
