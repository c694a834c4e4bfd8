"""Bodies: read within the limit, and parsed without guessing.

`StrictRoute` is the route class of every contract: handlers take a `StrictModel` the usual way. A hot handler takes
the request alone and calls `parse(request, Model)`.
"""

import json
import re
from collections.abc import Callable, Coroutine
from typing import Any, Final, Self, TypeVar

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.types import Message, Receive

from moorage.web.errors import (
    BodyTooLargeError,
    CardDataNotAllowedError,
    DuplicateKeyError,
    InvalidTextError,
    MalformedJsonError,
    UnsupportedMediaTypeError,
)

M = TypeVar("M", bound=BaseModel)

MAX_DEPTH: Final = 32
_SUSPECT_BYTES: Final = re.compile(rb"\\u|\xe2\x80|\xe2\x81|(?:[0-9][ -]?){13}")
_REFUSED_TEXT: Final = re.compile("[\x00\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_DIGIT_RUNS: Final = re.compile(r"(?<![0-9])(?:[0-9][ -]?){12,18}[0-9](?![0-9])", re.ASCII)
# With hyphens or without, alone or inside a longer id: one in 700 holds thirteen digits that pass Luhn.
_UUID: Final = re.compile(
    r"(?<![0-9a-zA-Z])[0-9a-fA-F]{8}(?:(?:-[0-9a-fA-F]{4}){3}-|[0-9a-fA-F]{12})[0-9a-fA-F]{12}(?![0-9a-zA-Z])", re.ASCII
)
_PHONE: Final = re.compile(r"\+(?:[ ()-]*[0-9]){5,15}", re.ASCII)
# An id made of the time, pi_1764000000000: one in ten passes Luhn, and no card's number of that length begins with 1.
_TIMED_ID: Final = re.compile(r"[a-z]{2,8}_(?:[a-z]{1,8}_)?1(?:[0-9]{12}|[0-9]{15}|[0-9]{18})", re.ASCII)


class Number(float):
    """A JSON number with a fraction or an exponent. `text` is how it was written: an amount is read from that, exactly,
    and never from the float. Raises ValueError for one that no float can hold.
    """

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Self:
        """The number that `text` is."""
        number = super().__new__(cls, text)
        if number in {float("inf"), float("-inf")}:
            raise ValueError(text)
        number.text = text
        return number


class StrictRoute(APIRoute):
    """A route whose JSON body has been read and checked by `strict_json` before FastAPI looks at it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Put the strict reading before FastAPI's own handler where the route takes a body."""
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def strict(request: Request) -> Response:
            checked = _CheckedRequest(request.scope, request.receive)
            raw = await checked.body()
            if raw:
                demand_json(checked)
                checked.parsed = strict_json(raw, max_depth=_max_depth(checked))
            return await handle(checked)

        return strict


class _CheckedRequest(Request):
    parsed: Any = None

    async def json(self) -> Any:
        return self.parsed


async def parse(request: Request, model: type[M]) -> M:
    """The body as `model`, for a handler that takes the request alone. Raises what `strict_json` raises and
    RequestValidationError, as FastAPI's own parsing would.
    """
    raw = await request.body()
    if not raw:
        raise RequestValidationError([{"type": "missing", "loc": ("body",), "msg": "Field required", "input": None}])
    demand_json(request)
    try:
        return model.model_validate(strict_json(raw, max_depth=_max_depth(request)))
    except ValidationError as error:
        raise RequestValidationError(
            [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False, include_input=False)]
        ) from error


def demand_json(request: Request) -> None:
    """Raise UnsupportedMediaTypeError unless the body is declared as JSON (in UTF-8)."""
    content_type = request.headers.get("content-type", "").lower()
    media_type, _, parameters = content_type.partition(";")
    if media_type.strip() != "application/json":
        raise UnsupportedMediaTypeError
    if "charset" in parameters and "utf-8" not in parameters and "utf8" not in parameters:
        raise UnsupportedMediaTypeError("The body has to be in UTF-8.")


def strict_json(raw: bytes, *, cards_allowed: bool = False, max_depth: int = MAX_DEPTH) -> Any:
    """Parse JSON as RFC 8259 says: UTF-8, no NaN, no duplicate keys, at most `max_depth` levels, no text that cannot be
    kept, and (unless `cards_allowed`) nothing that looks like a card number.
    """
    try:
        text = raw.decode("utf-8")
        if text.count("[") + text.count("{") > max_depth:
            _check_depth(text, max_depth)
        value = _DECODER.decode(text)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise MalformedJsonError from None
    if _SUSPECT_BYTES.search(raw):
        _check_texts(value, "", cards_allowed=cards_allowed)
    return value


def limited(receive: Receive, max_bytes: int) -> Receive:
    """`receive` that raises BodyTooLargeError once more than `max_bytes` have come in (a body of undeclared size)."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > max_bytes:
            raise BodyTooLargeError
        return message

    return counted


def _max_depth(request: Request) -> int:
    depth: int = request.app.state.settings.json_max_depth
    return depth


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise DuplicateKeyError
    return members


def _no_constants(name: str) -> None:
    raise ValueError(name)


def _check_depth(text: str, max_depth: int) -> None:
    """Count levels outside strings, before a parser recurses into them."""
    depth, inside, escaped = 0, False, False
    for character in text:
        if inside:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                inside = False
        elif character == '"':
            inside = True
        elif character in "[{":
            depth += 1
            if depth > max_depth:
                raise ValueError(depth)
        elif character in "]}":
            depth -= 1


def _check_texts(value: Any, pointer: str, *, cards_allowed: bool) -> None:
    if isinstance(value, str):
        check_text(value, pointer, cards_allowed=cards_allowed)
    elif isinstance(value, dict):
        for key, member in value.items():
            check_text(key, pointer, cards_allowed=cards_allowed)
            _check_texts(member, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}", cards_allowed=cards_allowed)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_texts(item, f"{pointer}/{index}", cards_allowed=cards_allowed)


def check_text(text: str, pointer: str = "", *, cards_allowed: bool = False) -> None:
    """Raise InvalidTextError or CardDataNotAllowedError for a text that must not be kept."""
    if _REFUSED_TEXT.search(text):
        raise InvalidTextError(pointer=pointer)
    if not cards_allowed and looks_like_card(text):
        raise CardDataNotAllowedError(pointer=pointer)


def looks_like_card(text: str) -> bool:
    """True when 13 to 19 digits in a row (spaces and hyphens between them) pass Luhn. A UUID and an international
    phone number (+ and at most 15 digits, E.164) are what they are, and so is an id made of the time.
    """
    if not _DIGIT_RUNS.search(text) or _PHONE.fullmatch(text) or _TIMED_ID.fullmatch(text):
        return False
    runs = _DIGIT_RUNS.findall(_UUID.sub("", text))
    return any(_passes_luhn(re.sub(r"[ -]", "", run)) for run in runs)


def _passes_luhn(digits: str) -> bool:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + position % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0 and digits.strip("0") != ""


# Made once: making one costs more than reading a small body with it.
_DECODER: Final = json.JSONDecoder(object_pairs_hook=_no_duplicates, parse_constant=_no_constants, parse_float=Number)
