"""What the README tells a newcomer to type works as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import httpx
import pytest

from tests.laws.running.house import ROOT, RunningHouse

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not all(map(shutil.which, ("bash", "curl"))), reason="the README's commands need bash and curl"),
]

BASH = shutil.which("bash") or "bash"
# The provider's webhook confirms the booking, a moment after the page has thanked its payer.
WAIT = 'until [ "$(send $BASE/api/v1/bookings/$BOOKING/ | field "[\'status\']")" = confirmed ]; do sleep 0.2; done'


def test_the_commands_of_the_readme_find_a_time_book_it_pay_and_give_the_money_back(house: RunningHouse) -> None:
    block = re.search(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    until_payment, afterwards = block[1].split("# Then:")
    with subprocess.Popen(
        [BASH, "-c", f"{until_payment}\nread -r paid\n{WAIT}\n#{afterwards}"],
        env={**os.environ, "MOORAGE_HOME": str(house.home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as typed:
        assert typed.stdin is not None
        assert typed.stdout is not None
        _pay(house, typed.stdout.readline().strip())
        told = typed.communicate("paid\n", timeout=60)[0].splitlines()
    assert told[0] == "confirmed"
    assert "72.00" in told[-2]
    assert told[-1] == "refunded"


def _pay(house: RunningHouse, checkout_url: str) -> None:
    """Fill the form of the page, as a browser would."""
    card = {"number": "4242 4242 4242 4242", "expiry": "12/34", "cvc": "123", "name": "Ada Byron", "action": "card"}
    with httpx.Client(trust_env=False, timeout=30) as browser:
        page = browser.get(checkout_url).text
        address = re.search(r'action="([^"]+)"', page)
        assert address is not None, page
        fields = re.findall(r'<input id="([a-z_]+)"', page)
        assert set(fields) <= set(card), fields
        target = httpx.URL(checkout_url).join(address[1].replace("&amp;", "&"))
        paid = browser.post(target, data=card, headers={"Origin": house.base_url})
    assert paid.status_code == 303, paid.text
