"""Providers' libraries take memory: nobody pays for one that is not set up."""

import subprocess
import sys

_ASK = """
import sys
import moorage.wiring.app, moorage.wiring.worker, moorage.wiring.providers
print(*[name for name in ("stripe", "square") if name in sys.modules])
"""


def test_no_providers_library_is_loaded_before_it_is_wanted():
    told = subprocess.run([sys.executable, "-c", _ASK], capture_output=True, text=True, check=True)
    assert told.stdout.split() == []
