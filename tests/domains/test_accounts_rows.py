"""Rows of accounts, mails, keys and counters by raw SQL with the web process's role: each sees what is theirs."""

import asyncpg
import pytest

from moorage.kernel.ids import uuid7
from tests.builders import make_user

# Reached by the product's own functions alone.
CLOSED = ("refresh_families", "refresh_tokens", "account_links", "mails", "idempotency_keys", "rate_limits", "pgqueuer")


@pytest.fixture
async def people(owner):
    return await make_user(owner, first_name="Ann"), await make_user(owner, first_name="Bob")


async def asking(web, user_id):
    await web.execute("SELECT set_config('request.jwt.claim.sub', $1, false)", str(user_id) if user_id else "")


async def test_a_person_sees_one_row_an_admin_all_and_nobody_none(web, owner, people):
    admin = await make_user(owner, role="admin")
    for who, seen in ((None, 0), (people[0], 1), (admin, 3), (uuid7(), 0)):
        await asking(web, who)
        assert await web.fetchval("SELECT count(id) FROM users") == seen


async def test_a_password_hash_is_never_read_by_the_web_role(web, people):
    await asking(web, people[0])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await web.fetch("SELECT password_hash FROM users")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await web.fetch("SELECT * FROM users")


@pytest.mark.parametrize("column", ["role = 'admin'", "is_active = true", "password_hash = 'x'", "email = 'e@x.y'"])
async def test_nobody_gives_themselves_rights(web, people, column):
    await asking(web, people[0])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await web.execute(f"UPDATE users SET {column}")


async def test_nobody_changes_or_removes_anothers_row(web, people):
    await asking(web, people[0])
    changed = await web.execute("UPDATE users SET bio = 'mine' WHERE id = $1", people[1])
    assert changed == "UPDATE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await web.execute("DELETE FROM users")


async def test_nobody_moves_a_row_to_another_person(web, people):
    await asking(web, people[0])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await web.execute("UPDATE users SET id = $1", people[1])


@pytest.mark.parametrize("table", CLOSED)
async def test_the_products_own_tables_are_closed_to_the_web_role(web, people, table):
    await asking(web, people[0])
    for statement in (f"SELECT count(*) FROM {table}", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await web.execute(statement)


@pytest.mark.parametrize(
    "call",
    [
        "rotate_refresh('\\x00', '\\x01', '1 day', '1 s')",
        "queue_mail(NULL, 'eve@example.com', 's', 'b', 'c')",
    ],
)
async def test_what_only_the_product_may_do_is_not_the_web_roles_to_call(web, people, call):
    await asking(web, people[0])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await web.execute(f"SELECT {call}")


async def test_the_web_role_cannot_become_another(web):
    if await web.fetchval("SELECT session_user <> 'moorage_web'"):
        pytest.skip("here one login acts as every role, which a start in production refuses")
    for role in ("moorage_owner", "moorage_engine", "moorage_worker"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await web.execute(f"SET ROLE {role}")
