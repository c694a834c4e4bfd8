"""Payment intents and checkout sessions: making, finding and ending them. A payment's reference is its intent's id
(`pi_…`), or its session's (`cs_…`) where it is paid on Stripe's page, or its invoice's (`in_…`).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from moorage.domains.payments.gateway import OutcomeUnknownError, ProviderDeclinedError
from moorage.domains.payments.gateway_values import Intent, IntentRequest
from moorage.providers.stripe.amounts import to_stripe
from moorage.providers.stripe.checkout import EXPANDED, MODE, session_parameters, to_session
from moorage.providers.stripe.client import PAGE_SIZE, StripeLine, read, read_list
from moorage.providers.stripe.translate import INVOICE, PAYMENT, invoice_intent, to_intent

_INTENTS: Final = "/v1/payment_intents"
_SESSIONS: Final = "/v1/checkout/sessions"
_ALREADY_DECIDED: Final = "payment_intent_unexpected_state"
# A list is exact at once, a search only after a while: looked through first, so far back and so long.
_SLACK: Final = timedelta(minutes=5)
_LOST_AT_MOST: Final = timedelta(hours=24)
_PAGES: Final = 20


class StripeIntents:
    """The part of the gateway that is about collecting."""

    def __init__(self, line: StripeLine, *, automatic_tax: bool) -> None:
        """`automatic_tax`: have Stripe calculate the tax that is in a session's prices."""
        self._line = line
        self._automatic_tax = automatic_tax

    async def create(self, request: IntentRequest, *, key: str) -> Intent:
        """Make the intent, or the session. Raises AmountNotSupportedError before anything is sent. A customer that
        Stripe has no more (deleted there, or of other keys) keeps nobody from paying.
        """
        try:
            return await self._make(request, key)
        except ProviderDeclinedError as error:
            if request.customer is None or error.facts["failure_code"] != "resource_missing":
                raise
        return await self._make(replace(request, customer=None), f"{key}-guest")

    async def _make(self, request: IntentRequest, key: str) -> Intent:
        if request.mode != "intent":
            parameters = session_parameters(request, automatic_tax=self._automatic_tax)
            return read(to_session, await self._line.post(_SESSIONS, parameters, key=key))
        return read(to_intent, await self._line.post(_INTENTS, _parameters(request), key=key))

    async def confirm(self, reference: str, *, payment_method: str, return_url: str, key: str) -> Intent:
        """Charge a method; what was decided before is answered as it is."""
        parameters = {"payment_method": payment_method, "return_url": return_url, "expand": ["latest_charge"]}
        return await self._decide(f"{_intent_path(reference)}/confirm", parameters, key)

    async def capture(self, reference: str, *, amount: int, key: str) -> Intent:
        """Collect `amount` (Stripe's units) of what was reserved."""
        intent = await self.payment_intent(reference)
        parameters = {"amount_to_capture": amount, "expand": ["latest_charge"]}
        present = await self._decide(f"{_intent_path(intent)}/capture", parameters, key)
        if present.status != "succeeded" and not present.needs_capture:
            raise ProviderDeclinedError("Nothing is reserved to be collected.", failure_code=_ALREADY_DECIDED)
        return present

    async def cancel(self, reference: str, *, key: str) -> Intent:
        """End it. A session that was paid on, and waits for capture, is ended by its intent."""
        if not reference.startswith("cs_"):
            return await self._decide(f"{_intent_path(await self.payment_intent(reference))}/cancel", {}, key)
        try:
            parameters = {"expand": list(EXPANDED)}
            return read(to_session, await self._line.post(f"{_session_path(reference)}/expire", parameters, key=key))
        except ProviderDeclinedError:
            present = await self.fetch(reference)
        intent = present.ids.get("payment_intent")
        if present.status not in {"succeeded", "canceled"} and intent is not None:
            await self._decide(f"{_intent_path(intent)}/cancel", {}, f"{key}-i")
            return await self.fetch(reference)
        return present

    async def fetch(self, reference: str) -> Intent:
        """The present state. Raises ProviderDeclinedError `resource_missing`."""
        if reference.startswith("cs_"):
            return read(to_session, await self._line.get(_session_path(reference), {"expand": list(EXPANDED)}))
        path = _intent_path(await self.payment_intent(reference))
        return read(to_intent, await self._line.get(path, {"expand": ["latest_charge"]}))

    async def payment_intent(self, reference: str) -> str:
        """The payment intent's id behind a reference. Raises OutcomeUnknownError where Stripe has made none yet."""
        found: str | None = reference
        if reference.startswith("cs_"):
            session = await self._line.get(_session_path(reference), {"expand": list(EXPANDED)})
            found = read(to_session, session).ids.get("payment_intent")
        elif reference.startswith("in_"):
            path = f"/v1/invoices/{quote(reference, safe='')}"
            found = invoice_intent(await self._line.get(path, {"expand": ["payments"]}))
        if found is None:
            raise OutcomeUnknownError("Stripe has made no payment intent for this yet.")
        return found

    async def find(self, payment_id: UUID) -> Intent | None:
        """What was made for our payment. Lists are exact at once and are looked through from now back to when our
        payment was made; Stripe's search, which lags by up to a minute, only beyond what they show.
        """
        since = made_after(payment_id)
        for path, expand in ((_INTENTS, "data.latest_charge"), (_SESSIONS, "data.payment_intent.latest_charge")):
            found, whole = await self._listed(path, expand, payment_id, since)
            if found is not None:
                return read(to_intent if path == _INTENTS else to_session, found)
            if not whole and path == _INTENTS:
                query = {"query": f"metadata['{PAYMENT}']:'{payment_id}'", "expand": [expand]}
                for body in read_list(await self._line.get(f"{_INTENTS}/search", query)):
                    if _is_ours(body, payment_id):
                        return read(to_intent, body)
        return None

    async def _listed(
        self, path: str, expand: str, payment_id: UUID, since: datetime
    ) -> tuple[dict[str, Any] | None, bool]:
        """(the object, or None; whether the list was read as far back as our payment)."""
        query: dict[str, Any] = {"limit": PAGE_SIZE, "expand": [expand]}
        if path == _INTENTS:
            query["created"] = {"gte": int(since.timestamp())}
        for _ in range(_PAGES):
            page = await self._line.get(path, query)
            bodies = read_list(page)
            for body in bodies:
                if _is_ours(body, payment_id):
                    return body, True
            if not page.get("has_more") or not bodies or bodies[-1]["created"] < since.timestamp():
                return None, True
            query["starting_after"] = bodies[-1]["id"]
        return None, False

    async def _decide(self, path: str, parameters: Mapping[str, Any], key: str) -> Intent:
        """Change an intent's state; where it was changed before, the present state is the answer."""
        try:
            return read(to_intent, await self._line.post(path, parameters, key=key))
        except ProviderDeclinedError as error:
            if error.facts["failure_code"] != _ALREADY_DECIDED:
                raise
        return await self.fetch(path.split("/")[3])


def _parameters(request: IntentRequest) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "amount": to_stripe(request.amount_minor, request.currency),
        "currency": request.currency.lower(),
        "automatic_payment_methods": {"enabled": True},
        "capture_method": request.capture,
        "metadata": {PAYMENT: str(request.payment_id)},
    }
    if request.description:
        parameters["description"] = request.description[:1000]
    # The payer's address is not told here: Stripe would mail a receipt beside ours.
    if request.customer is not None:
        parameters["customer"] = request.customer
    return parameters


def _is_ours(body: Mapping[str, Any], payment_id: UUID) -> bool:
    """An intent of a session is found by its session, that of an invoice by its invoice."""
    metadata = body.get("metadata") or {}
    return metadata.get(PAYMENT) == str(payment_id) and MODE not in metadata and INVOICE not in metadata


def made_after(payment_id: UUID) -> datetime:
    """After this our payment was made, as its id tells, clocks being a little off; any other id may be a day old."""
    if payment_id.version == 7:
        return datetime.fromtimestamp((payment_id.int >> 80) / 1000, UTC) - _SLACK
    return datetime.now(UTC) - _LOST_AT_MOST - _SLACK


def _intent_path(reference: str) -> str:
    return f"{_INTENTS}/{quote(reference, safe='')}"


def _session_path(reference: str) -> str:
    return f"{_SESSIONS}/{quote(reference, safe='')}"
