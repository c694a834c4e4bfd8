"""A transaction pooler for tests, as strict as they come: what a client asks to be started with is dropped, each
transaction gets the session that was idle longest, and whatever is left in a session stays there for the next client.
"""

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

SESSIONS = 4
_SSL, _CANCEL = 80877103, 80877102
_WHAT_IS_TOLD = ("server_version", "server_encoding", "client_encoding", "standard_conforming_strings", "DateStyle")
_UNTIL_SYNC = b"PBDECH"  # what waits for its Sync
_ANSWERED = b"QSF"  # what ends in ReadyForQuery


@dataclass
class _Session:
    """A session of the server's. `awaited`: how many ReadyForQuery are still to come."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    awaited: int = 0
    unsynced: bool = False


@dataclass
class Pooler:
    """Serves every login of `dsn_of` (login -> the server's address) on `port` of 127.0.0.1."""

    dsn_of: dict[str, str]
    port: int = 0
    dropped: set[str] = field(default_factory=set)
    """What clients asked to be started with."""
    full: bool = False
    """Whether new clients are turned away, in the words of Supabase's."""
    transactions: int = 0
    _idle: "dict[str, asyncio.Queue[_Session]]" = field(default_factory=dict)
    _told: dict[str, str] = field(default_factory=dict)
    _clients: "set[asyncio.Task[None]]" = field(default_factory=set)

    def dsn(self, login: str) -> str:
        """Where clients connect."""
        parts = urlsplit(self.dsn_of[login])
        place = f"{quote(login)}:any@127.0.0.1:{self.port}"
        return urlunsplit(parts._replace(netloc=place, query="sslmode=disable"))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, until it leaves."""
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            login = await self._started(reader, writer)
            if login is not None:
                await _Client(reader, writer, self, await self.sessions(login)).pass_on()
        writer.close()
        self._clients.discard(task)

    async def _started(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str | None:
        """Shake hands; the login, or None for a request to cancel, which is passed over."""
        while True:
            (length, code) = struct.unpack("!ii", await reader.readexactly(8))
            said = (await reader.readexactly(length - 8)).split(b"\0")
            if code == _CANCEL:
                return None
            if code != _SSL:
                break
            writer.write(b"N")
        asked = {name.decode(): value.decode() for name, value in zip(said[::2], said[1::2], strict=False) if name}
        self.dropped |= asked.keys() - {"user", "database", "client_encoding"}
        if self.full:
            writer.write(_message(b"E", b"SFATAL\0VFATAL\0CXX000\0MMax client connections reached\0\0"))
            return None
        await self.sessions(asked["user"])
        told = b"".join(_message(b"S", f"{name}\0{value}\0".encode()) for name, value in self._told.items())
        writer.write(_message(b"R", struct.pack("!i", 0)) + told + _message(b"K", struct.pack("!ii", 1, 1)))
        writer.write(_message(b"Z", b"I"))
        return asked["user"]

    async def sessions(self, login: str) -> "asyncio.Queue[_Session]":
        """The login's sessions that are idle, opened when the first client comes."""
        if login not in self._idle:
            self._idle[login] = asyncio.Queue()
            for _ in range(SESSIONS):
                self._idle[login].put_nowait(await self.open_session(login))
        return self._idle[login]

    async def open_session(self, login: str) -> _Session:
        """Log in as any client does, and go on from there with the bare socket."""
        connection = await asyncpg.connect(self.dsn_of[login], statement_cache_size=0)
        for name in _WHAT_IS_TOLD:
            self._told[name] = await connection.fetchval("SELECT current_setting($1)", name)
        told: socket.socket = connection._transport.get_extra_info("socket")
        bare = socket.socket(fileno=os.dup(told.fileno()))
        connection._transport.abort()  # without a word to the server
        return _Session(*await asyncio.open_connection(sock=bare))

    async def close(self) -> None:
        """Hang up on everybody."""
        for task in list(self._clients):
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        for idle in self._idle.values():
            while not idle.empty():
                idle.get_nowait().writer.close()


@dataclass
class _Client:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    pooler: Pooler
    idle: "asyncio.Queue[_Session]"
    _session: _Session | None = None
    _answering: "asyncio.Task[None] | None" = None

    async def pass_on(self) -> None:
        """Each transaction to the session whose turn it is."""
        try:
            while True:
                kind, message = await _read(self.reader)
                if kind == b"X":
                    return
                if self._session is None:
                    self._session = await self.idle.get()
                    self._answering = asyncio.create_task(self._answer(self._session))
                    self.pooler.transactions += 1
                session = self._session
                session.awaited += kind in _ANSWERED
                session.unsynced = kind in _UNTIL_SYNC or (session.unsynced and kind not in _ANSWERED)
                session.writer.write(message)
                await session.writer.drain()
        finally:
            await self._leave()

    async def _answer(self, session: _Session) -> None:
        while self._session is not None:
            kind, message = await _read(session.reader)
            if kind == b"Z":
                session.awaited -= 1
                if message[-1:] == b"I" and session.awaited == 0 and not session.unsynced:
                    self._session = None
                    self.idle.put_nowait(session)
            self.writer.write(message)
            await self.writer.drain()

    async def _leave(self) -> None:
        """A session in the middle of something is ended: nobody else can go on with it."""
        if self._answering is not None:
            self._answering.cancel()
        if self._session is not None:
            self._session.writer.close()
            self.writer.close()
            login = next(login for login, idle in self.pooler._idle.items() if idle is self.idle)
            with contextlib.suppress(OSError, asyncpg.PostgresError):
                self.idle.put_nowait(await self.pooler.open_session(login))


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


async def _read(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readexactly(5)
    (length,) = struct.unpack("!i", head[1:])
    return head[:1], head + await reader.readexactly(length - 4)


@contextlib.asynccontextmanager
async def pooling(dsn_of: dict[str, str]) -> AsyncIterator[Pooler]:
    """A pooler for these logins, while inside."""
    pooler = Pooler(dsn_of)
    server = await asyncio.start_server(pooler.serve, "127.0.0.1", 0)
    pooler.port = server.sockets[0].getsockname()[1]
    try:
        async with server:
            yield pooler
    finally:
        await pooler.close()
