"""The fake as a whole: authentication, forms, idempotency as Stripe does it, pages, and what a test may do to it."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tests.fakes.forms import parse_form
from tests.fakes.serving import Deliveries, Served
from tests.fakes.stripe import checkout, disputes, intents, invoices, pages, people, refunds, subscriptions
from tests.fakes.stripe.api import answer
from tests.fakes.stripe.state import Body, RefusalError, State

SECRET_KEY: Final = "sk_test_fake"
PUBLISHABLE_KEY: Final = "pk_test_fake"
WEBHOOK_SECRET: Final = "whsec_fake"
_KEPT_S: Final = 24 * 3600


@dataclass
class _Kept:
    """What a key was used for, and what was answered; None while it is being answered."""

    request: tuple[str, str, str]
    at: int
    status: int = 0
    body: Body | None = None


@dataclass
class StripeFake:
    """One Stripe account. An ASGI application; `served` is what is to be served, with its log and its faults."""

    secret_key: str = SECRET_KEY
    webhook_secret: str = WEBHOOK_SECRET
    webhook_url: str | None = None
    at_once: bool = False
    slow: asyncio.Event | None = None  # while it is there and not set, changes wait between beginning and acting
    begun: asyncio.Event = field(default_factory=asyncio.Event)  # set when one waits so
    _keys: dict[str, _Kept] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.deliveries = Deliveries(self.sign, self.webhook_url, self.at_once)
        self.state = State(self.deliveries)
        self.served = Served(self, "stripe", refusal=_trouble, own=lambda path: not path.startswith("/v1/"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope, receive)
            path = scope["path"]
            told = await (self._api(request) if path.startswith("/v1/") else pages.answer(self, request))
            await told(scope, receive, send)

    def sign(self, body: bytes, at: int | None = None, *, secrets: tuple[str, ...] = ()) -> Mapping[str, str]:
        """A delivery's headers."""
        moment = int(time.time()) if at is None else at
        signed = [f"t={moment}"]
        for secret in secrets or (self.webhook_secret,):
            digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
            signed.append(f"v1={digest}")
        return {"Stripe-Signature": ",".join(signed)}

    def pay(self, reference: str, card: str = "4242424242424242") -> Body:
        """The payer pays an intent, a session or an invoice. Raises RefusalError when the card is refused."""
        if reference.startswith("cs_"):
            return checkout.pay(self.state, reference, card)
        if reference.startswith("in_"):
            return invoices.pay(self.state, reference, card)
        return intents.confirm(self.state, {"payment_method": card}, reference)

    def pay_session(self, id_: str, card: str = "4242424242424242") -> Body:
        """The payer pays at the session's page."""
        return checkout.pay(self.state, id_, card)

    def pass_challenge(self, reference: str, *, passed: bool = True) -> Body:
        """The payer answers the bank's challenge."""
        if not reference.startswith("cs_"):
            return intents.finish_challenge(self.state, reference, passed=passed)
        session = self.state.get("checkout.session", reference)
        intent = intents.finish_challenge(self.state, checkout.intent_of(self.state, session), passed=passed)
        return checkout.complete(self.state, session) if intent["status"] == "succeeded" else session

    def renew(self, subscription: str, card: str | None = None) -> Body:
        """A subscription's period is over, and the next is billed."""
        return subscriptions.renew(self.state, subscription, card)

    def retry_period(self, subscription: str, card: str) -> Body:
        """The latest invoice of a subscription is tried again. Raises RefusalError when the card is refused."""
        return subscriptions.settle(self.state, self.state.get("subscription", subscription), card)

    def refund_in_dashboard(self, reference: str, amount: int | None = None) -> Body:
        """The merchant gives money back at Stripe itself."""
        form: Body = {"payment_intent": reference}
        return refunds.create(self.state, form if amount is None else {**form, "amount": amount})

    def dispute(self, reference: str, amount: int | None = None) -> Body:
        """The payer's bank opens a dispute about an intent."""
        charge = self.state.objects[self.state.get("payment_intent", reference)["latest_charge"]]
        return disputes.open_dispute(self.state, charge, amount)

    def decide_dispute(self, id_: str, *, won: bool) -> Body:
        """The bank decides."""
        return disputes.decide(self.state, id_, won=won)

    def fail_refund(self, id_: str) -> Body:
        """A refund comes back."""
        return refunds.fail(self.state, id_)

    def onboard(self, account: str) -> Body:
        """A payee tells Stripe all that it wants to know."""
        return people.onboard(self.state, account)

    def reverse_transfer(self, id_: str, amount: int | None = None) -> Body:
        """The merchant takes a transfer back at Stripe itself, or a part."""
        return people.reverse(self.state, {} if amount is None else {"amount": str(amount)}, id_)

    def refuse_payout(self, account: str) -> None:
        """A payee's bank refuses what Stripe pays out from the payee's account."""
        people.refuse_payout(self.state, account)

    def ripen(self) -> None:
        """What takes days comes to its end: bank debits, pending and failing refunds, sessions that expire."""
        intents.ripen(self.state)
        refunds.ripen(self.state)
        checkout.ripen(self.state)

    def advance(self, hours: float) -> None:
        """Let time pass."""
        self.state.ahead_s += int(hours * 3600)

    async def _api(self, request: Request) -> Response:
        query = request.url.query
        text = (await request.body()).decode() if request.method == "POST" else query
        try:
            self._authenticate(request.headers.get("authorization", ""))
            if request.method in {"GET", "DELETE"}:  # which take no idempotency key
                return JSONResponse(answer(self.state, request.method, request.url.path, parse_form(text)))
            return await self._once(request, text)
        except RefusalError as refusal:
            return JSONResponse(refusal.body, refusal.status)

    async def _once(self, request: Request, text: str) -> Response:
        """A change, once for its key: the first answer again for 24 hours, whatever it was."""
        key, asked = request.headers.get("idempotency-key"), (request.method, request.url.path, text)
        if key is None:
            return JSONResponse(answer(self.state, "POST", request.url.path, parse_form(text)))
        kept = self._keys.get(key)
        if kept is not None and kept.at + _KEPT_S > self.state.now():
            return _again(kept, asked, key)
        kept = self._keys[key] = _Kept(asked, self.state.now())
        if self.slow is not None:
            self.begun.set()
            await self.slow.wait()
        try:
            kept.body, kept.status = answer(self.state, "POST", request.url.path, parse_form(text)), 200
        except RefusalError as refusal:
            kept.body, kept.status = refusal.body, refusal.status
            if not refusal.began:
                del self._keys[key]
            raise
        finally:
            if kept.body is None:
                self._keys.pop(key, None)
        return JSONResponse(kept.body, headers={"Idempotency-Key": key})

    def _authenticate(self, header: str) -> None:
        if not header.startswith("Bearer "):
            raise RefusalError(401, "invalid_request_error", "You did not provide an API key.")
        if not hmac.compare_digest(header.removeprefix("Bearer "), self.secret_key):
            raise RefusalError(401, "invalid_request_error", "Invalid API Key provided.")


def _again(kept: _Kept, asked: tuple[str, str, str], key: str) -> Response:
    if kept.request != asked:
        message = "Keys for idempotent requests can only be used with the same parameters they were first used with."
        return JSONResponse({"error": {"type": "idempotency_error", "message": message}}, 400)
    if kept.body is None:
        message = "There is currently another in-progress request using this Idempotency Key."
        told = {"type": "idempotency_error", "code": "idempotency_key_in_use", "message": message}
        return JSONResponse({"error": told}, 409)
    return JSONResponse(kept.body, kept.status, {"Idempotency-Key": key, "Idempotent-Replayed": "true"})


def _trouble(status: int) -> Mapping[str, Any]:
    kind = "invalid_request_error" if status == 429 else "api_error"
    return {"error": {"type": kind, "message": "Something went wrong on Stripe's end."}}
