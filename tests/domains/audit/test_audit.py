"""The audit log: written by functions, read by administrators, changed by nobody."""

import asyncpg
import pytest

from moorage.domains.audit import list_actions
from moorage.kernel.db import ANONYMOUS, SYSTEM, Actor
from tests.builders import make_user


async def test_an_action_is_read_back_by_an_administrator_alone(house, owner):
    admin, somebody = await make_user(owner, role="admin"), await make_user(owner)
    async with house.database.transaction(SYSTEM) as db:
        await db.execute("SELECT record_action('thing.done', 'thing', $1, $2, $3)", admin, {"why": "because"}, somebody)
    async with house.database.reading(Actor(admin)) as db:
        (action,) = await list_actions(db, subject_id=admin)
        assert (action.actor_id, action.action, action.details) == (somebody, "thing.done", {"why": "because"})
        assert await list_actions(db, before_no=action.no) == []
    for actor in (Actor(somebody), ANONYMOUS):
        async with house.database.reading(actor) as db:
            assert await list_actions(db) == []


@pytest.mark.parametrize("change", ["UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"])
async def test_not_even_the_server_administrator_changes_it(superuser, house, change):
    async with house.database.transaction(SYSTEM) as db:
        await db.execute("SELECT record_action('thing.done', 'thing', NULL)")
    with pytest.raises(asyncpg.RestrictViolationError):
        await superuser.execute(change)
