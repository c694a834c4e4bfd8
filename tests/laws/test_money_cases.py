"""Each case that money has to hold in has a test by its number."""

import re
from pathlib import Path

TESTS = Path(__file__).parent.parent
# Cases of the same name that are about time.
OF_TIME = ("domains/availability", "laws")


def test_every_case_of_money_is_tested_by_number():
    files = [path for path in TESTS.rglob("test_*.py") if not str(path.relative_to(TESTS)).startswith(OF_TIME)]
    named = {int(number) for path in files for number in re.findall(r"def test_case_(\d+)_", path.read_text())}
    assert set(range(1, 31)) - named == set()
