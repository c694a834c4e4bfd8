"""Crash points: listed in one place, all of them in use, and a sudden end when the environment names one."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import moorage
from moorage.kernel.crash import CRASH_POINTS

REACH = "from moorage.kernel.crash import crash_point\ncrash_point('after_call_before_record')\nprint('alive')"


def test_every_listed_point_is_used_and_every_used_one_is_listed():
    sources = Path(moorage.__file__).parent.rglob("*.py")
    used = {name for source in sources for name in re.findall(r'crash_point\("(\w+)"\)', source.read_text())}
    assert used == CRASH_POINTS


@pytest.mark.parametrize(
    ("environment", "ends"),
    [
        ({"ENVIRONMENT": "test", "CRASH_AT": "after_call_before_record"}, -signal.SIGKILL),
        ({"ENVIRONMENT": "test", "CRASH_AT": "after_call_before_record:2"}, 0),
        ({"ENVIRONMENT": "test", "CRASH_AT": "after_event_settled"}, 0),
        ({"ENVIRONMENT": "production", "CRASH_AT": "after_call_before_record"}, 0),
        ({}, 0),
    ],
)
def test_the_process_ends_there_in_tests_alone(environment, ends):
    root = Path(moorage.__file__).parent.parent
    ended = subprocess.run([sys.executable, "-c", REACH], env=environment, cwd=root, check=False, capture_output=True)
    assert ended.returncode == ends
