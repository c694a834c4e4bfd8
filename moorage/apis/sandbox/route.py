"""How the sandbox's API takes calls in and answers: the key first, then the body; errors in a shape of its own."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any, Final

from fastapi import Depends, Header, Request, Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel
from starlette.responses import JSONResponse

from moorage.apis.sandbox.objects import ErrorAnswer
from moorage.providers.sandbox import records
from moorage.providers.sandbox.behaviour import Operation
from moorage.providers.sandbox.call import Answer
from moorage.providers.sandbox.core import NoAnswerError, Sandbox, Verb
from moorage.providers.sandbox.errors import MissingError, SandboxError, UnknownKeyError
from moorage.providers.sandbox.records import Asked
from moorage.providers.sandbox.signatures import same
from moorage.web.body import StrictRoute
from moorage.web.problems import Problem, Rendered, render_below

PREFIX: Final = "/sandbox/v1"
KEY_HEADER: Final = "Idempotency-Key"


def _documented_key(
    idempotency_key: Annotated[
        str | None, Header(description="A repeat with the same key and body gets the first answer again, for 24 hours.")
    ] = None,
) -> None:
    """For the document alone: `perform` reads the header."""


KEYED: Final = [Depends(_documented_key)]
"""The dependencies of calls that take an `Idempotency-Key`."""
API_KEY = HTTPBearer(
    auto_error=False, scheme_name="sandboxKey", description="The sandbox's API key (`SANDBOX_API_KEY`)."
)
"""For the document alone: the route itself checks the key before it reads anything."""


class SandboxRoute(StrictRoute):
    """A route of the API."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Check the key, handle, and write what is refused as the API writes it."""
        handle = super().get_route_handler()

        async def handle_with_key(request: Request) -> Response:
            try:
                _demand_key(request)
                return await handle(request)
            except SandboxError as error:
                return refusal(error)
            except NoAnswerError as silence:
                return await withhold(request, silence)

        return handle_with_key


async def perform(
    request: Request, operation: Operation, verb: Verb, asked: Mapping[str, Any] | None = None
) -> Response:
    """Carry `verb` out under the request's `Idempotency-Key`; `asked` is what a repeat has to ask for again."""
    subject = {"path": request.url.path, "body": asked}
    answer = await sandbox_of(request).perform(operation, verb, key=request.headers.get(KEY_HEADER), request=subject)
    return answered(answer)


async def read_one(request: Request, kind: str, name: str) -> Response:
    """One object of a kind ("refunds", …) by its id or its `client_reference`."""
    async with sandbox_of(request).reading("fetch") as db:
        return JSONResponse(await records.one(db, kind, name))


async def read_many(request: Request, kind: str, asked: Asked) -> Response:
    """A page of a kind."""
    async with sandbox_of(request).reading("list") as db:
        return JSONResponse(await records.many(db, kind, asked))


def answered(answer: Answer) -> Response:
    """The answer of a verb, or the first one again."""
    headers = {"Idempotent-Replayed": "true"} if answer.replayed else None
    return JSONResponse(answer.body, answer.status, headers)


def refusal(error: SandboxError) -> Response:
    """`{"error": {"code", "message", "param"}}`."""
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
    body = {"error": {"code": error.code, "message": error.message, "param": error.param}}
    return JSONResponse(body, error.status, headers)


async def withhold(request: Request, silence: NoAnswerError) -> Response:
    """Say nothing until the caller has gone or the time is over."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(silence.seconds):
            while (await request.receive())["type"] != "http.disconnect":
                pass
    return JSONResponse({"error": {"code": "timeout", "message": "No answer in time.", "param": None}}, 504)


def sandbox_of(request: Request) -> Sandbox:
    """The gateway of this process. Raises MissingError where the sandbox is switched off."""
    sandbox: Sandbox | None = getattr(request.app.state, "sandbox", None)
    if sandbox is None:
        raise MissingError("The sandbox is switched off here.")
    return sandbox


Responses = dict[int | str, dict[str, Any]]


def made_before(model: type[BaseModel]) -> Responses:
    """The answer to a `client_reference` that is known already, for the document."""
    return {200: {"model": model, "description": "Made before"}}


def errors(*statuses: int) -> Responses:
    """The refusals of one call, for the document. Each may misbehave (500, 504) or be away (503)."""
    described = {
        400: "Cannot be read, or the idempotency key was used for another request",
        401: "The API key is missing or wrong",
        402: "Refused by the payer's bank: `card_declined`, `insufficient_funds`, …",
        404: "No such object",
        405: "Not a method of this address",
        409: "Its state does not allow it",
        413: "The body is too large",
        415: "Not JSON",
        422: "A field is not acceptable",
        500: "Misbehaviour on demand",
        503: "The database is away; nothing was done",
        504: "Misbehaviour on demand: done, and never answered",
    }
    return {
        status: {"model": ErrorAnswer, "description": described[status]}
        for status in sorted({400, 401, 422, 500, 503, 504, *statuses})
    }


def _demand_key(request: Request) -> None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not same(sandbox_of(request).terms.api_key, given.strip()):
        raise UnknownKeyError


def _rendered(problem: Problem) -> Rendered:
    """What the rest of the application refuses (bodies, addresses, overload), in the API's own shape."""
    param = problem.fields[0].pointer.lstrip("/?").replace("/", ".") if problem.fields else None
    body = {"error": {"code": problem.code, "message": problem.detail, "param": param or None}}
    return Rendered(problem.status, json.dumps(body).encode(), "application/json", problem.headers)


render_below(PREFIX + "/", _rendered)
