"""What the web role may read and change of the catalog, in raw SQL and not through the API."""

import asyncpg
import pytest

from tests.builders import make_practitioner, make_service, make_user
from tests.support.databases import asking


async def titles(web):
    return [row["title"] for row in await web.fetch("SELECT title FROM services ORDER BY 1")]


async def test_the_public_sees_active_services_of_verified_practitioners(web, owner):
    practitioner = await make_practitioner(owner)
    await make_service(owner, practitioner, title="Active", options={"Adult": 500})
    await make_service(owner, practitioner, title="Withdrawn", is_active=False, options={"Adult": 500})
    pending = await make_practitioner(owner, verification_status="pending")
    await make_service(owner, pending, title="Early", options={"Adult": 500})
    admin = await make_user(owner, role="admin")
    for user_id, seen in (
        (None, ["Active"]),
        (pending.user_id, ["Active", "Early"]),
        (practitioner.user_id, ["Active", "Withdrawn"]),
        (admin, ["Active", "Early", "Withdrawn"]),
    ):
        async with asking(web, user_id):
            assert await titles(web) == seen
            assert await web.fetchval("SELECT count(*) FROM price_options") == len(seen)


async def test_services_are_changed_by_their_own_practitioner_alone(web, owner):
    mine, other = await make_practitioner(owner), await make_practitioner(owner)
    service_id = await make_service(owner, mine, options={"Adult": 500})
    foreign_id = await make_service(owner, other, options={"Adult": 500})
    async with asking(web, mine.user_id):
        assert await web.execute("UPDATE services SET title = 'Changed'") == "UPDATE 1"
        assert await web.execute("UPDATE price_options SET price_minor = 1") == "UPDATE 1"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await web.execute("UPDATE services SET practitioner_id = $1 WHERE id = $2", other.id, service_id)
    async with asking(web, mine.user_id):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await web.execute(
                "INSERT INTO price_options (id, service_id, position, name, price_minor)"
                " VALUES (new_id(), $1, 9, 'x', 1)",
                foreign_id,
            )
    async with asking(web):
        assert await web.execute("UPDATE services SET title = 'Changed'") == "UPDATE 0"
        assert await web.execute("DELETE FROM price_options") == "DELETE 0"
        assert await web.execute("DELETE FROM services") == "DELETE 0"


async def test_categories_are_read_only(web):
    async with asking(web):
        assert await web.fetchval("SELECT count(*) FROM categories") > 10
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await web.execute("DELETE FROM categories")
