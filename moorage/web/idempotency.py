"""Idempotency-Key: a POST that is sent again is answered again, not carried out again.

The key belongs to its caller and to one request (method, path, body). Its answer is kept for a day. A refusal of what
was sent does not use the key up, nor does a failure of ours: only what was carried out does. Answers that hold tokens
are not kept; a repeat of those is carried out again under the same `subject_id`, which leads to the same account.
"""

import hashlib
from collections.abc import Callable
from typing import Final, cast
from uuid import UUID

import asyncpg
from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from moorage.domains.accounts.errors import InvalidTokenError
from moorage.journeys.house import House
from moorage.kernel.db import ANONYMOUS
from moorage.web.actor import claims_of, house_of
from moorage.web.contracts import is_api
from moorage.web.errors import IdempotencyKeyInvalidError, IdempotencyKeyReusedError, RequestInProgressError
from moorage.web.limits import address_of
from moorage.web.tokens import AccessTokens

MAX_KEY_CHARS: Final = 255
# These answer with tokens, which are kept as hashes only.
HOLDS_TOKENS: Final = ("/api/v1/auth/", "/api/auth/")
# What was refused as it was sent, or was not the handler's to answer: the key stays unused.
_UNUSED_BY: Final = frozenset({400, 401, 403, 405, 413, 415, 422, 429})

_BEGIN: Final = """
SELECT outcome, subject_id, status, content_type, body, wait_s FROM begin_idempotent($1, $2, $3, $4, $5, $6)
"""
_KEEP: Final = "SELECT keep_answer($1, $2, $3, $4, $5, $6)"
_RELEASE: Final = "SELECT release_key($1, $2, $3, $4)"


def subject_id(request: Request) -> UUID:
    """The id that the row made by this request takes: the same at every try with the same Idempotency-Key, so that a
    try that died half-way is found again; a fresh one when no key was sent.
    """
    stored = request.scope["state"].get("subject_id")
    return house_of(request).ids() if stored is None else cast("UUID", stored)


class Idempotency:
    """The layer behind the front door that honours the header; a request without it passes untouched."""

    def __init__(
        self, app: ASGIApp, house: Callable[[], House], tokens: AccessTokens, *, lock_s: int, hours: int
    ) -> None:
        """`lock_s`: how long a request may run before a repeat takes it over; `hours`: how long answers are kept."""
        self._app = app
        self._house = house
        self._tokens = tokens
        self._lock_s = lock_s
        self._hours = hours

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and scope["method"] == "POST" and is_api(scope["path"]):
            for name, value in scope["headers"]:
                if name == b"idempotency-key":
                    await self._once(scope, receive, send, _checked(value))
                    return
        await self._app(scope, receive, send)

    async def _once(self, scope: Scope, receive: Receive, send: Send, key: str) -> None:
        try:
            claims = claims_of(scope, self._tokens)
        except InvalidTokenError:
            await self._app(scope, receive, send)  # which refuses it
            return
        caller = f"ip:{address_of(scope)}" if claims is None else f"user:{claims.caller}"
        body = await _read(receive)
        begun = await self._begin(caller, key, _fingerprint(scope, body))
        if begun["outcome"] == "answered":
            await _replay(send, begun)
            return
        subject: UUID = begun["subject_id"]
        scope["state"]["subject_id"] = subject
        answer = _KeptAnswer()
        try:
            await self._app(scope, _again(body), answer.take)
        except BaseException:
            await self._settle(_RELEASE, caller, key, subject, False)
            raise
        await self._settle_answer(caller, key, subject, answer, keeps_body=not scope["path"].startswith(HOLDS_TOKENS))
        for message in answer.messages:
            await send(message)

    async def _begin(self, caller: str, key: str, fingerprint: bytes) -> asyncpg.Record:
        house = self._house()
        async with house.database.hot(ANONYMOUS) as db:
            row = await db.fetchrow(_BEGIN, caller, key, fingerprint, house.ids(), self._lock_s, self._hours)
        assert row is not None  # noqa: S101 - the function always answers
        if row["outcome"] == "reused":
            raise IdempotencyKeyReusedError
        if row["outcome"] == "running":
            raise RequestInProgressError(retry_after_s=row["wait_s"])
        return row

    async def _settle_answer(
        self, caller: str, key: str, subject: UUID, answer: "_KeptAnswer", *, keeps_body: bool
    ) -> None:
        if answer.status in _UNUSED_BY:
            await self._settle(_RELEASE, caller, key, subject, True)
        elif answer.status >= 500:
            await self._settle(_RELEASE, caller, key, subject, False)
        else:
            kept = answer.body if keeps_body else None
            await self._settle(_KEEP, caller, key, subject, answer.status, answer.content_type, kept)

    async def _settle(self, statement: str, *arguments: object) -> None:
        async with self._house().database.hot(ANONYMOUS) as db:
            await db.execute(statement, *arguments)


class _KeptAnswer:
    """An answer held back until it is kept."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def take(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        return cast("int", self.messages[0]["status"])

    @property
    def content_type(self) -> str | None:
        headers = dict(self.messages[0]["headers"])
        value = headers.get(b"content-type")
        return value.decode("latin-1") if value is not None else None

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])


def _checked(value: bytes) -> str:
    if not 0 < len(value) <= MAX_KEY_CHARS or not all(0x20 <= byte < 0x7F for byte in value):
        raise IdempotencyKeyInvalidError
    return value.decode("ascii")


def _fingerprint(scope: Scope, body: bytes) -> bytes:
    return hashlib.sha256(b"POST\0" + scope["path"].encode() + b"\0" + scope["query_string"] + b"\0" + body).digest()


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes) -> Receive:
    """A `receive` that gives the body that has been read already."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _replay(send: Send, kept: asyncpg.Record) -> None:
    body: bytes = kept["body"]
    headers = [
        (b"content-type", (kept["content_type"] or "application/json").encode("latin-1")),
        (b"content-length", str(len(body)).encode()),
        (b"idempotent-replayed", b"true"),
    ]
    await send({"type": "http.response.start", "status": kept["status"], "headers": headers})
    await send({"type": "http.response.body", "body": body})
