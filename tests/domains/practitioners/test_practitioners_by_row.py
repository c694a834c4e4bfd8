"""What the web role may read and change of practitioners, in raw SQL and not through the API."""

import asyncpg
import pytest

from tests.builders import make_location, make_practitioner, make_user
from tests.support.databases import asking


async def names(web):
    return [row["display_name"] for row in await web.fetch("SELECT display_name FROM practitioners ORDER BY 1")]


async def test_the_public_sees_the_verified_and_each_applicant_themselves(web, owner):
    await make_practitioner(owner, display_name="Ada")
    applicant = await make_practitioner(owner, display_name="Bo", verification_status="pending")
    await make_practitioner(owner, display_name="Cy", verification_status="rejected")
    await make_location(owner, applicant)
    admin = await make_user(owner, role="admin")
    async with asking(web):
        assert await names(web) == ["Ada"]
        assert await web.fetch("SELECT id FROM practitioner_locations") == []
    async with asking(web, applicant.user_id):
        assert await names(web) == ["Ada", "Bo"]
        assert len(await web.fetch("SELECT id FROM practitioner_locations")) == 1
    async with asking(web, admin):
        assert await names(web) == ["Ada", "Bo", "Cy"]


@pytest.mark.parametrize("column", ["stripe_account_id", "commission_bps", "verification_reason", "verified_by", "*"])
async def test_private_columns_cannot_be_read_at_all(web, owner, column):
    practitioner = await make_practitioner(owner, stripe_account_id="acct_1")
    async with asking(web, practitioner.user_id):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await web.fetch(f"SELECT {column} FROM practitioners")


async def test_private_facts_are_for_themselves_and_administrators(web, owner):
    practitioner = await make_practitioner(owner, stripe_account_id="acct_1", commission_bps=450)
    admin, other = await make_user(owner, role="admin"), await make_practitioner(owner)
    query = "SELECT stripe_account_id, commission_bps FROM practitioner_private($1)"
    for user_id, seen in ((practitioner.user_id, True), (admin, True), (other.user_id, False), (None, False)):
        async with asking(web, user_id):
            rows = [tuple(row) for row in await web.fetch(query, practitioner.id)]
        assert rows == ([("acct_1", 450)] if seen else [])


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE practitioners SET verification_status = 'verified'",
        "UPDATE practitioners SET is_featured = true",
        "UPDATE practitioners SET commission_bps = 0",
        "UPDATE practitioners SET stripe_account_id = 'acct_mine'",
        "UPDATE practitioners SET user_id = NULL",
        "UPDATE practitioners SET is_house = true",
        "DELETE FROM practitioners",
        "INSERT INTO practitioners (id, user_id, display_name, timezone) VALUES (new_id(), new_id(), 'x', 'UTC')",
    ],
)
async def test_nobody_changes_what_an_administrator_decides(web, owner, change):
    practitioner = await make_practitioner(owner, verification_status="pending")
    async with asking(web, practitioner.user_id):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await web.execute(change)


async def test_a_profile_and_its_locations_are_changed_by_their_own_alone(web, owner):
    mine, other = await make_practitioner(owner), await make_practitioner(owner)
    await make_location(owner, mine)
    await make_location(owner, other)
    async with asking(web, mine.user_id):
        assert await web.execute("UPDATE practitioners SET bio = 'Hello'") == "UPDATE 1"
        assert await web.execute("UPDATE practitioner_locations SET city = 'Here'") == "UPDATE 1"
        assert await web.execute("DELETE FROM practitioner_locations") == "DELETE 1"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await web.execute(
                "INSERT INTO practitioner_locations (id, practitioner_id, city, country)"
                " VALUES (new_id(), $1, 'A', 'B')",
                other.id,
            )
    async with asking(web):
        assert await web.execute("UPDATE practitioners SET bio = 'Hello'") == "UPDATE 0"
        assert await web.execute("DELETE FROM practitioner_locations") == "DELETE 0"


async def test_decisions_by_sql_need_an_administrator_too(web, owner):
    practitioner = await make_practitioner(owner, verification_status="pending")
    async with asking(web, practitioner.user_id):
        with pytest.raises(asyncpg.PostgresError, match="forbidden"):
            await web.execute("SELECT decide_practitioner($1, 'verified', NULL, '', '')", practitioner.id)
    async with asking(web, practitioner.user_id):
        with pytest.raises(asyncpg.PostgresError, match="forbidden"):
            await web.execute("SELECT set_practitioner_terms($1, true, 0)", practitioner.id)
    async with asking(web, practitioner.user_id):
        with pytest.raises(asyncpg.PostgresError, match="forbidden"):
            await web.execute("SELECT set_practitioner_house($1, true)", practitioner.id)
    async with asking(web, practitioner.user_id):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await web.execute("SELECT record_action('x', 'practitioner', $1)", practitioner.id)
