"""The database: transactions that state who is asking, and the two retry policies.

One driver, asyncpg, for everything. The hot verbs are one call of a SQL function on an autocommit connection (one
round trip); everything else runs in `transaction(actor)` or `reading(actor)`, which set the claims that row-level
security reads. SQLAlchemy Core statements are built where the shape of a query varies and run by `fetch_built`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar
from uuid import UUID

import asyncpg
from sqlalchemy import ClauseElement
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.sql.compiler import SQLCompiler

from moorage.kernel.errors import MoorageError, OverloadedError, UnavailableError, UnreachableError
from moorage.kernel.retries import CRITICAL, Policy, retried

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Lent: TypeAlias = PoolConnectionProxy[asyncpg.Record]
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
else:  # asyncpg's classes are generic for type checkers only.
    Connection = Lent = Pool = asyncpg.Connection
T = TypeVar("T")
Isolation: TypeAlias = Literal["repeatable_read"] | None

KEPT_AT_HAND: Final = 8
"""Connections of one pool that wait outside it for the next statement; the rest the pool closes when they are idle."""
REFUSED_SQLSTATE: Final = "MO000"
"""What `refuse(code, detail)` raises in SQL."""

# Refused by a race that the same unit, told again, may win: nothing of it was written.
CONFLICTS: Final = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.LockNotAvailableError)
# The server is away or full; whether an autocommit statement was carried out is unknown.
AWAY: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.TooManyConnectionsError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    # The server has said its last word, and the socket's end has not arrived yet.
    asyncpg.InternalClientError,
    OSError,  # refused, reset, timed out, or no socket where there was one
)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking. `user_id` None is anonymous. Their role is read from the database, never from here."""

    user_id: UUID | None = None
    is_system: bool = False


ANONYMOUS: Final = Actor()
SYSTEM: Final = Actor(is_system=True)
"""The product itself: sign-in, provider events, jobs. Runs on the worker's role."""


class _Lender:
    """A pool, and a few of its connections kept at hand: taking one from the pool and giving it back takes longer than
    some of the statements that run in between.
    """

    __slots__ = ("at_hand", "pool", "waiting")

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.at_hand: list[Lent] = []
        self.waiting = 0

    async def take(self, timeout_s: float) -> Lent:
        """A connection that is open, as far as anybody knows. Raises UnavailableError."""
        while self.at_hand:
            connection = self.at_hand.pop()
            try:
                if not connection.is_closed():
                    return connection
            except asyncpg.InterfaceError:  # it was lost, and the pool has taken it back
                continue
            await self.pool.release(connection)
        self.waiting += 1
        try:
            return await self.pool.acquire(timeout=timeout_s)
        except (TimeoutError, asyncpg.InternalServerError) as error:  # the latter is how a pooler says that it is full
            raise OverloadedError from error
        except AWAY as error:
            raise UnreachableError from error
        finally:
            self.waiting -= 1

    async def give_back(self, connection: Lent, *, clean: bool) -> None:
        """Keep it at hand, unless something went wrong on it or somebody waits for the pool."""
        if clean and self.waiting == 0 and len(self.at_hand) < KEPT_AT_HAND:
            self.at_hand.append(connection)
        else:
            await self.pool.release(connection)

    async def close(self) -> None:
        while self.at_hand:
            await self.pool.release(self.at_hand.pop())
        await self.pool.close()


class _Loan:
    """A connection for the length of an `async with`; what the database refuses comes out by its name."""

    __slots__ = ("_connection", "_lender", "_timeout_s")
    _connection: Lent

    def __init__(self, lender: _Lender, timeout_s: float) -> None:
        self._lender, self._timeout_s = lender, timeout_s

    async def __aenter__(self) -> Connection:
        self._connection = await self._lender.take(self._timeout_s)
        return self._connection

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        await self._lender.give_back(self._connection, clean=error is None)
        if isinstance(error, AWAY):
            raise UnavailableError from error
        if isinstance(error, asyncpg.PostgresError):
            named = refused(error)
            if named is not None:
                raise named from error


class Database:
    """Two pools on one server: `web` is bound by row-level security as the asking user, `worker` acts for us."""

    def __init__(self, web: Pool, worker: Pool, acquire_timeout_s: float = 5.0) -> None:
        self.web, self.worker = web, worker
        self._web, self._worker = _Lender(web), _Lender(worker)
        self._acquire_timeout_s = acquire_timeout_s

    @asynccontextmanager
    async def transaction(self, actor: Actor) -> AsyncIterator[Connection]:
        """One transaction in which row-level security sees `actor`. Leaving by an exception rolls back.
        Never make an outside call inside. Raises MoorageError for what the database refuses by name.
        """
        async with self.hot(actor) as db, db.transaction():
            if not actor.is_system:
                await db.execute(_STATE_CLAIMS, *claims_of(actor))
            yield db

    @asynccontextmanager
    async def reading(self, actor: Actor, *, at_one_moment: bool = False) -> AsyncIterator[Connection]:
        """Like `transaction`, for reads alone; the place where a read replica will come in. `at_one_moment`: no query
        sees what was committed after the first.
        """
        isolation: Isolation = "repeatable_read" if at_one_moment else None
        async with self.hot(actor) as db, db.transaction(isolation=isolation, readonly=True):
            if not actor.is_system:
                await db.execute(_STATE_CLAIMS, *claims_of(actor))
            yield db

    def hot(self, actor: Actor) -> AbstractAsyncContextManager[Connection]:
        """A bare connection for one statement: a SQL function that is its own transaction and takes the asking
        user as an argument. One round trip.
        """
        return _Loan(self._worker if actor.is_system else self._web, self._acquire_timeout_s)

    def in_use(self) -> dict[str, tuple[int, int]]:
        """Connections of each pool: (open, lent at this moment)."""
        return {
            name: (lender.pool.get_size(), lender.pool.get_size() - lender.pool.get_idle_size() - len(lender.at_hand))
            for name, lender in (("web", self._web), ("worker", self._worker))
        }

    async def close(self) -> None:
        """Wait for what runs, then close both pools."""
        await self._web.close()
        await self._worker.close()


async def fetch_built(db: Connection, statement: ClauseElement) -> list[asyncpg.Record]:
    """Run a SQLAlchemy Core statement and return its rows."""
    sql, arguments = build(statement)
    return await db.fetch(sql, *arguments)


def build(statement: ClauseElement) -> tuple[str, list[Any]]:
    """A Core statement as asyncpg's SQL text ($1, $2, …) and its arguments."""
    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    if not isinstance(compiled, SQLCompiler):
        msg = "only queries and data statements can be built"
        raise TypeError(msg)
    parameters = compiled.params
    return str(compiled), [parameters[name] for name in (compiled.positiontup or ())]


async def with_retries(unit: Callable[[], Awaitable[T]], *, repeatable: bool = False, policy: Policy = CRITICAL) -> T:
    """Tell a whole transaction again when it failed for a passing reason: a conflict (deadlock, serialization, lock
    timeout), or no server to begin it on. When the server went away meanwhile, whether it was carried out is unknown,
    and it is told again only when it is `repeatable` (its ids are the caller's). Then UnavailableError.
    """

    def passes(error: Exception) -> bool:
        if isinstance(error, (*CONFLICTS, UnreachableError)):
            return True
        return repeatable and isinstance(error, (*AWAY, UnavailableError)) and not isinstance(error, OverloadedError)

    try:
        return await retried(unit, policy, passes)
    except (*CONFLICTS, *AWAY) as error:
        raise UnavailableError from error


def refused(error: asyncpg.PostgresError) -> MoorageError | None:
    """What SQL's `refuse(code, detail)` said, as its named failure; None when it was something else."""
    if error.sqlstate != REFUSED_SQLSTATE:
        return None
    code, detail = str(error.args[0]), getattr(error, "detail", None)
    return MoorageError.by_code.get(code, MoorageError)(detail or None)


# Both ways in which a database behind an API is told: each claim by itself, and all as JSON.
_STATE_CLAIMS: Final = (
    "SELECT set_config('request.jwt.claim.sub', $1, true), set_config('request.jwt.claims', $2, true)"
)


def claims_of(actor: Actor) -> tuple[str, str]:
    """The two claims that tell row-level security who is asking; empty for nobody."""
    user_id = str(actor.user_id) if actor.user_id else ""
    return user_id, f'{{"sub":"{user_id}"}}' if user_id else ""


_DIALECT = asyncpg_dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves the constructor untyped.
