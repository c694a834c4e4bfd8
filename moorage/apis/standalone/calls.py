"""The calls of the standalone payments app: each goes straight to a provider, and nothing of it is kept."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, cast

from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import Response

import moorage
from moorage.apis.standalone.shapes import CaptureIn, CreateIn, Delivery, Health, Payment, Trial, TrialIn
from moorage.domains.bookings.errors import UnknownProviderError
from moorage.domains.payments.gateway import NotSupportedByProviderError, PaymentGateway, PreparesVerification
from moorage.domains.payments.gateway_values import IntentRequest
from moorage.kernel.errors import InvalidError, MoorageError, NotFoundError
from moorage.kernel.ids import uuid7
from moorage.kernel.money import InvalidAmountError, parse_amount
from moorage.web.body import StrictRoute

router = APIRouter(tags=["Trial payments"], route_class=StrictRoute)

SANDBOX: Final = "sandbox"
_MOVED: Final = ("invalid_amount", "amount_not_supported", "not_supported_by_provider", "provider_declined")
REFUSALS: Final[Mapping[str, tuple[str, ...]]] = {
    "standalone_create": ("unknown_provider", *_MOVED, "outcome_unknown"),
    "standalone_capture": ("unknown_provider", *_MOVED, "outcome_unknown"),
    "standalone_fetch": ("unknown_provider", "provider_declined", "outcome_unknown"),
    "standalone_test": ("invalid_amount",),
    "standalone_webhook": ("not_found", "invalid_signature", "timestamp_out_of_tolerance"),
}


@router.post("/create", operation_id="standalone_create", status_code=201, response_model=Payment)
async def create(request: Request, body: CreateIn) -> Response:
    """Start a payment at the provider. Send the payer to `approval_url`, or use `client_secret` on a page of yours."""
    at = _gateway(request, body.provider)
    if body.capture_method == "manual" and not at.capabilities.separate_capture:
        raise NotSupportedByProviderError(pointer="/capture_method")
    if body.mode == "checkout" and not at.capabilities.hosted_checkout:
        raise NotSupportedByProviderError(pointer="/mode")
    back = str(request.base_url)
    asked = IntentRequest(
        uuid7(),
        _amount(body.amount, body.currency),
        body.currency,
        body.description,
        body.return_url or back,
        capture=body.capture_method,
        mode=body.mode,
        cancel_url=body.cancel_url or back,
    )
    at.check_amount(asked.amount_minor, asked.currency)
    intent = await at.create(asked, key=str(uuid7()))
    return _answer(Payment.of(at, intent, asked.payment_id), 201)


@router.post("/capture", operation_id="standalone_capture", response_model=Payment)
async def capture(request: Request, body: CaptureIn) -> Response:
    """Collect what a payer approved, or what `capture_method` `manual` reserved."""
    at = _gateway(request, body.provider)
    if not (at.capabilities.separate_capture or at.capabilities.capture_after_approval):
        raise NotSupportedByProviderError
    amount_minor = _amount(body.amount, body.currency)
    intent = await at.capture(body.reference, amount_minor=amount_minor, currency=body.currency, key=str(uuid7()))
    return _answer(Payment.of(at, intent))


@router.get("/payments/{provider}/{reference}", operation_id="standalone_fetch", response_model=Payment)
async def fetch(request: Request, provider: str, reference: str) -> Response:
    """A payment as the provider has it now."""
    at = _gateway(request, provider)
    return _answer(Payment.of(at, await at.fetch(reference)))


@router.post("/test", operation_id="standalone_test", response_model=list[Trial])
async def try_keys(request: Request, body: TrialIn | None = None) -> Response:
    """Try every provider's keys by a harmless call, and with an `amount` by a small payment too."""
    wanted = body or TrialIn()
    amount_minor = None if wanted.amount is None else _amount(wanted.amount, wanted.currency)
    back = str(request.base_url)
    return _answer([await _try(at, amount_minor, wanted.currency, back) for at in _gateways(request).values()])


@router.post("/webhooks/{provider}", operation_id="standalone_webhook", response_model=Delivery)
async def check_delivery(request: Request, provider: str) -> Response:
    """Check a delivery's signature over its raw bytes, and say what it means. It is not kept, and has no effect."""
    at = _gateways(request).get(provider)
    if at is None:
        raise NotFoundError
    body = await request.body()
    if isinstance(at, PreparesVerification):
        await at.prepare_verification(request.headers, body)
    event = at.verify(request.headers, body, now=datetime.now(UTC))
    status = event.intent_status or event.refund_status or event.dispute_status
    return _answer(
        Delivery(
            event_id=event.event_id,
            event_type=event.event_type,
            kind=event.kind,
            reference=event.reference,
            status=status,
        )
    )


@router.get("/health", operation_id="standalone_health", response_model=Health)
async def health(request: Request) -> Response:
    """That this process runs, and which providers it has keys for."""
    return _answer(Health(version=moorage.__version__, providers=sorted(_gateways(request))))


async def _try(at: PaymentGateway, amount_minor: int | None, currency: str, back: str) -> Trial:
    try:
        account = await at.test_connection()
        if amount_minor is None:
            return Trial(provider=at.name, success=True, account=account)
        at.check_amount(amount_minor, currency)
        asked = IntentRequest(uuid7(), amount_minor, currency, "A trial payment", back, cancel_url=back)
        intent = await at.create(asked, key=str(uuid7()))
    except MoorageError as error:
        return Trial(provider=at.name, success=False, error=error.code, message=error.detail)
    return Trial(
        provider=at.name,
        success=True,
        account=account,
        reference=intent.reference,
        status=intent.status,
        approval_url=intent.checkout_url,
    )


def _gateways(request: Request) -> Mapping[str, PaymentGateway]:
    return cast("Mapping[str, PaymentGateway]", request.app.state.gateways)


def _gateway(request: Request, provider: str) -> PaymentGateway:
    """The provider by its name. Raises UnknownProviderError."""
    found = _gateways(request)
    if provider in found:
        return found[provider]
    if provider == SANDBOX:
        raise UnknownProviderError(
            "The sandbox keeps its books in a database, which this app has none of: use `moorage serve` for it.",
            pointer="/provider",
        )
    raise UnknownProviderError(f"Set up here: {', '.join(sorted(found)) or 'no provider'}.", pointer="/provider")


def _amount(text: str, currency: str) -> int:
    try:
        amount_minor = parse_amount(text, currency)
    except InvalidError as error:
        raise type(error)(pointer="/amount") from error
    if amount_minor == 0:
        raise InvalidAmountError("An amount is more than nothing.", pointer="/amount")
    return amount_minor


def _answer(item: object, status: int = 200) -> Response:
    return Response(to_json(item), status, media_type="application/json")
