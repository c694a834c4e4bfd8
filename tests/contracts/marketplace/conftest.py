"""Who is at hand in the tests of the marketplace contract."""

import pytest

from tests.builders import make_practitioner


@pytest.fixture
async def seller(sign_up, owner):
    """A verified practitioner in London who is signed in."""
    person = await sign_up()
    return person, await make_practitioner(owner, user_id=person.user_id, zone="Europe/London")
