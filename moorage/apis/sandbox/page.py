"""`/sandbox/pay/{reference}?key=…`: where a payer pays. Plain forms, no script; the page knows of no other page.

The key in the address lets a payer in, and is what a forged form would have to know. Card data is judged where it
arrives and goes no further: brand and last four digits are all that leaves this file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from moorage.apis.sandbox.page_view import not_here, preparing, rendered, shown, unknown
from moorage.apis.sandbox.route import sandbox_of, withhold
from moorage.kernel.db import SYSTEM
from moorage.providers.sandbox import records
from moorage.providers.sandbox.behaviour import Operation
from moorage.providers.sandbox.cards import REASONS, CardForm, Method, judge, named
from moorage.providers.sandbox.core import NoAnswerError, Sandbox, Verb
from moorage.providers.sandbox.errors import MissingError, SandboxError
from moorage.providers.sandbox.intents import answer_challenge, confirm_intent
from moorage.providers.sandbox.signatures import page_key, same

router = APIRouter(include_in_schema=False)

_MAX_FORM_BYTES: Final = 8_192
_FORM: Final = "application/x-www-form-urlencoded"
_WALLET: Final = {"wallet_approve": "pm_wallet_approve", "wallet_decline": "pm_wallet_decline"}
_CHALLENGE: Final = {"challenge_approve": True, "challenge_fail": False}


@router.get("/sandbox/pay/{reference}", operation_id="sandbox_page")
async def page(request: Request, reference: str, key: str = "") -> Response:
    """Show what is to be paid and how; for what is not there yet, a page that looks again."""
    try:
        visit = await _let_in(request, reference, key)
    except MissingError:
        return rendered(not_here(), 404)
    return visit.present()


@router.post("/sandbox/pay/{reference}", operation_id="sandbox_page_pay")
async def pay(request: Request, reference: str, key: str = "") -> Response:
    """Take one form: pay by card or wallet, or answer the bank's check. Then go on to where the merchant wants the
    payer (303), or back to this page.
    """
    try:
        visit = await _let_in(request, reference, key)
    except MissingError:
        return rendered(not_here(), 404)
    if visit.intent is None:
        return visit.present()
    # What was typed lives for this line only: whatever fails later, no log and no report can show it.
    return await visit.answer(_read(await _form(request), visit.sandbox.clock()))


@dataclass(frozen=True, slots=True)
class _Submitted:
    """What a form says, without its card data: a method to pay with, the bank's answer, or what is wrong. `typed` is
    what may be shown again: never the number or the security code, which would then be in a page's text.
    """

    method: Method | None = None
    approved: bool | None = None
    wrong: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)


def _read(form: Mapping[str, str], now: datetime) -> _Submitted:
    action = form.get("action", "")
    if action == "card":
        card = CardForm(*(form.get(name, "") for name in ("number", "expiry", "cvc", "name")))
        method, wrong = judge(card, now)
        return _Submitted(method, wrong=wrong, typed={"expiry": card.expiry[:9], "name": card.name[:200]})
    if action in _WALLET:
        return _Submitted(named(_WALLET[action]))
    return _Submitted(approved=_CHALLENGE.get(action))


class _Visit:
    """A payer at the page of one intent, which may not exist yet."""

    def __init__(self, request: Request, sandbox: Sandbox, address: str, intent: dict[str, Any] | None) -> None:
        self._request = request
        self.sandbox = sandbox
        self._address = address
        self.intent = intent

    def present(self, status: int = 200, **about: Any) -> Response:
        """The page as it is now."""
        merchant = self.sandbox.terms.merchant
        if self.intent is None:
            return rendered(preparing(merchant, self._address))
        return rendered(shown(merchant, self.intent, self._address, **about), status)

    async def answer(self, submitted: _Submitted) -> Response:
        """Do what the form asks for."""
        method, approved = submitted.method, submitted.approved
        if method is not None:
            return await self._carry_out("confirm", lambda call: confirm_intent(call, self._id, method))
        if approved is not None:
            return await self._carry_out("challenge", lambda call: answer_challenge(call, self._id, approved=approved))
        return self.present(422, wrong=submitted.wrong, typed=submitted.typed)

    @property
    def _id(self) -> str:
        return "" if self.intent is None else str(self.intent["id"])

    async def _carry_out(self, operation: Operation, verb: Verb) -> Response:
        merchant = self.sandbox.terms.merchant
        try:
            answer = await self.sandbox.perform(operation, verb)
        except NoAnswerError as silence:
            await withhold(self._request, silence)
            return rendered(unknown(merchant, self._address), 504)
        except SandboxError as error:
            if error.status >= 500:
                return rendered(unknown(merchant, self._address), error.status)
            # Somebody was faster (a second click, an expiry): the page says what is true now.
            return RedirectResponse(self._address, 303)
        if answer.status == 402:
            refusal = answer.body["error"]
            return rendered(shown(merchant, refusal["intent"], self._address, refused=REASONS[refusal["code"]]), 402)
        return RedirectResponse(
            answer.body["return_url"] if answer.body["status"] in ("paid", "authorized") else self._address, 303
        )


async def _let_in(request: Request, reference: str, key: str) -> _Visit:
    sandbox = sandbox_of(request)
    if not same(page_key(sandbox.terms.api_key, reference), key):
        raise MissingError
    # Showing the page does not misbehave: nobody would know what to test with that.
    async with sandbox.database.reading(SYSTEM) as db:
        try:
            intent = await records.intent(db, sandbox.terms, reference, sandbox.clock())
        except MissingError:
            intent = None
    return _Visit(request, sandbox, f"/sandbox/pay/{reference}?key={key}", intent)


async def _form(request: Request) -> Mapping[str, str]:
    """The form's fields; what is no form, or too large for one, has none."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return {}
    body = await request.body()
    if len(body) > _MAX_FORM_BYTES:
        return {}
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20))
    except ValueError:
        return {}
