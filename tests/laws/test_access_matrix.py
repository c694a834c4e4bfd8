"""Who may call what: every operation of the OpenAPI document by everybody, against the rows of its contract.

An operation without a row fails, and so does a cell that differs. The rows stand in `tests/support/access/`, a module
per contract. A row holds the statuses for the callers of `cast.py` there: anonymous, another client, another
practitioner, the client whose booking it is, the host whose practice it is, an admin. After them come a token past its
time and one of a sign-in that was ended: 401 at every operation that reads tokens; the ways in do not, and answer
those two as they do anybody.
"""

import pytest
import pytest_asyncio

from moorage.web.open_routes import OPEN, OTHER_KEYS_PREFIX
from tests.support.access.asks import Ask, of
from tests.support.access.cast import CALLERS, Cast, gathered
from tests.support.access.matrix import ASKS, EXPECTED, OPERATIONS, TOKEN_UNREAD, status


@pytest_asyncio.fixture
async def cast(standing_town, session_database):
    async with gathered(standing_town, session_database) as everybody:
        yield everybody


def test_every_operation_has_a_row_and_every_row_an_operation():
    rows = {name.split(" ")[0] for name in EXPECTED}
    ours = {name for name in OPERATIONS if not name.startswith(OTHER_KEYS_PREFIX)}
    assert ours - rows == set(), "these operations have no row in EXPECTED: say who may call them"
    assert rows - ours == set(), "these rows are of operations that are not there any more"
    assert set(ASKS) <= set(EXPECTED)


def test_the_rows_that_let_anonymous_in_are_the_list_of_open_routes():
    opened = {name for name, cells in EXPECTED.items() if not cells.startswith("401") and " of " not in name}
    assert opened == OPEN & set(OPERATIONS)
    assert opened >= TOKEN_UNREAD


@pytest.mark.parametrize("name", EXPECTED)
async def test_everybody_gets_what_the_table_says(cast: Cast, name: str):
    operation = name.split(" ", maxsplit=1)[0]
    anonymous, *rest = EXPECTED[name].split()
    without_token = [anonymous] * 2 if operation in TOKEN_UNREAD else ["401"] * 2
    expected = dict(zip(CALLERS, [anonymous, *rest, *without_token], strict=True))
    answered = {}
    for caller in CALLERS:
        answered[caller] = await status(cast, caller, operation, await ASKS.get(name, of())(cast))
    assert answered == expected


async def test_no_access_token_opens_the_sandbox_whose_keys_are_its_own(cast: Cast):
    path = {"intent": "pi_1", "refund": "re_1", "dispute": "dp_1", "transfer": "tr_1", "payout": "po_1", "event": "e1"}
    path |= {"account": "acct_1", "price": "price_day_1_usd", "subscription": "sub_1"}
    for name in (name for name in OPERATIONS if name.startswith(OTHER_KEYS_PREFIX)):
        for caller in ("anonymous", "client", "admin"):
            assert await status(cast, caller, name, Ask(path, {})) == "401", (name, caller)


async def test_no_list_shows_what_is_anothers(cast: Cast):
    booking = await cast.begun()
    await status(cast, "host", "bookings_complete", Ask({"booking_id": booking["id"]}))
    await cast.hold()
    for name in ("bookings_list", "bookings_upcoming", "bookings_history", "payments_history", "earnings_list"):
        for caller in ("other_client", "other_practitioner"):
            answer = await cast.ask(caller, *OPERATIONS[name])
            assert answer.status_code == 403 or answer.json()["data"]["count"] == 0, (name, caller)
