"""The database through a pooler that gives each transaction to any of its sessions (Supabase's, PgBouncer).

What a session is started with is refused or dropped there, and what one transaction leaves in a session the next one
does not find, or finds of somebody else. So every transaction says by itself which role it acts as, its limits and who
is asking, in one statement after BEGIN, and all of it ends with the transaction.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from moorage.kernel.db import ANONYMOUS, Actor, Connection, Database, Isolation, Pool, claims_of


class PooledDatabase(Database):
    """As `Database`, on pools whose sessions keep nothing. `web_settings` and `worker_settings` are what each
    transaction of that pool sets first, the role among them.
    """

    def __init__(
        self,
        web: Pool,
        worker: Pool,
        acquire_timeout_s: float,
        *,
        web_settings: Mapping[str, str],
        worker_settings: Mapping[str, str],
    ) -> None:
        super().__init__(web, worker, acquire_timeout_s)
        self._settings = {False: dict(web_settings), True: dict(worker_settings)}

    @asynccontextmanager
    async def transaction(self, actor: Actor) -> AsyncIterator[Connection]:
        """As `Database.transaction`."""
        async with self._begun(actor, actor, readonly=False) as db:
            yield db

    @asynccontextmanager
    async def reading(self, actor: Actor, *, at_one_moment: bool = False) -> AsyncIterator[Connection]:
        """As `Database.reading`."""
        isolation: Isolation = "repeatable_read" if at_one_moment else None
        async with self._begun(actor, actor, isolation, readonly=True) as db:
            yield db

    @asynccontextmanager
    async def hot(self, actor: Actor) -> AsyncIterator[Connection]:
        """As `Database.hot`, in a transaction around what would be one by itself."""
        async with self._begun(actor, ANONYMOUS, readonly=False) as db:
            yield db

    def opening(self, actor: Actor, asking: Actor = ANONYMOUS, **settings: str) -> str:
        """The statement that a transaction of `actor`'s pool begins with, in which `asking` asks. `settings` go before
        what the pool has.
        """
        subject, claims = claims_of(asking)
        stated = {
            **self._settings[actor.is_system],
            "request.jwt.claim.sub": subject,
            "request.jwt.claims": claims,
            **settings,
        }
        return "SELECT " + ", ".join(f"set_config({_quoted(name)}, {_quoted(stated[name])}, true)" for name in stated)

    @asynccontextmanager
    async def _begun(
        self, actor: Actor, asking: Actor, isolation: Isolation = None, *, readonly: bool
    ) -> AsyncIterator[Connection]:
        async with super().hot(actor) as db, db.transaction(isolation=isolation, readonly=readonly):
            await db.execute(self.opening(actor, asking))
            yield db


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
