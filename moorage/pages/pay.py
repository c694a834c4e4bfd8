"""`/pay/{payment_id}?key=…`: where a payment is paid. It sends the payer on to the provider's own page, or shows the
provider's embedded form; and waits with them until it is known what became of it.

Only here may a page load anything from elsewhere: from the origins that the provider's adapter declares.
"""

from importlib.resources import files
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from moorage.domains.payments import queries
from moorage.domains.payments.gateway import OutcomeUnknownError, PaymentGateway, ProviderDeclinedError
from moorage.domains.payments.queries import PaymentRow
from moorage.journeys.confirm_by_form import confirm_by_form
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import InvalidError, InvalidStateError, NotFoundError
from moorage.pages.view import form_of, notice, page
from moorage.web.actor import house_of
from moorage.web.compress import sent
from moorage.web.pay_links import may_pay, pay_address

router = APIRouter(include_in_schema=False)
_STATIC: Final = files("moorage.pages") / "static"
_SCRIPTS: Final = {name: (_STATIC / f"pay_{name}.js").read_bytes() for name in ("form", "stripe", "square", "razorpay")}
_PAYABLE: Final = frozenset({"pending", "requires_action", "failed"})
_COLLECTED = frozenset({"succeeded", "partially_refunded", "refunded", "disputed", "charged_back"})
_MAX_TOKEN = 4_000
_NO_FORM: Final = (
    "Nothing was taken: the form to pay with has not loaded. Load this page again and wait until you see it."
)


@router.get("/pay/{payment_id}", operation_id="pay_page")
async def look(request: Request, payment_id: str, key: str = "", back: str = "") -> Response:
    """Go on to the provider's page, or show its form, or say what became of the payment. `?back=1`: the payer has paid
    in the form, and nobody asks them again before the provider has said what came of it.
    """
    payment = await _let_in(request, payment_id, key)
    if payment is None:
        return _not_here(request)
    if "back" in request.query_params and await _has_paid(request, payment):
        return _waits(request, payment)
    if back and payment.status in {"pending", "requires_action"}:
        return _waits(request, payment, again=pay_address(request, payment.id))
    return _shown(request, payment)


@router.post("/pay/{payment_id}", operation_id="pay_confirm")
async def confirm(request: Request, payment_id: str, key: str = "") -> Response:
    """Charge what the provider's form made of the payer's card: a token; the card itself never comes here."""
    form = await form_of(request)
    payment = await _let_in(request, payment_id, key)
    if payment is None:
        return _not_here(request)
    token = form.get("token", "")
    if not token and payment.status in _PAYABLE:
        return _shown(request, payment, 422, refused=_NO_FORM)
    if token and len(token) <= _MAX_TOKEN:
        try:
            await confirm_by_form(house_of(request), payment.id, token)
        except (ProviderDeclinedError, InvalidError) as refused:
            return _shown(request, payment, 422, refused=refused.detail)
        except InvalidStateError:
            pass  # It was paid or cancelled meanwhile: the page says so.
    return RedirectResponse(pay_address(request, payment.id), 303)


@router.get("/static/pay_{name}.js", operation_id="pay_script")
async def script(request: Request, name: str) -> Response:
    """The script that drives one provider's form on our page."""
    if name not in _SCRIPTS:
        raise NotFoundError
    headers = {"cache-control": "public, max-age=3600"}
    return sent(request, _SCRIPTS[name], 200, headers, "text/javascript; charset=utf-8")


async def _has_paid(request: Request, payment: PaymentRow) -> bool:
    """Whether a payer who comes back from the provider's form has done their part, of which we have not heard yet. No
    answer is no no: nobody is asked to pay again before it is known.
    """
    gateway = house_of(request).gateways.get(payment.provider)
    if payment.status not in _PAYABLE or gateway is None or payment.provider_ref is None:
        return False
    try:
        return (await gateway.fetch(payment.provider_ref)).status in {"processing", "succeeded"}
    except OutcomeUnknownError:
        return True
    except ProviderDeclinedError:
        return False


async def _let_in(request: Request, payment_id: str, key: str) -> PaymentRow | None:
    try:
        wanted = UUID(payment_id)
    except ValueError:
        return None
    if not may_pay(request, wanted, key):
        return None
    async with house_of(request).database.reading(SYSTEM) as db:
        return await queries.payment(db, wanted)


def _shown(request: Request, payment: PaymentRow, status: int = 200, *, refused: str = "") -> Response:
    if payment.status in _COLLECTED:
        return _after(request, payment)
    if payment.status == "processing":  # nobody says that nothing was taken before that is known
        is_reserved = payment.capture_method == "manual" and payment.authorized_minor is not None
        return _after(request, payment) if is_reserved else _waits(request, payment)
    is_late = payment.expires_at is not None and payment.expires_at <= house_of(request).clock()
    # Where collecting it has an id of its own and was refused, it is over there: another try is another payment.
    is_refused = payment.status == "failed" and "capture" in payment.provider_ids
    if payment.status == "canceled" or is_late or is_refused:
        back = _followed(request, payment.cancel_url or payment.return_url)
        return page(request, "pay_over.html", 410, payment=payment, back=back)
    gateway = house_of(request).gateways.get(payment.provider)
    if gateway is None:
        return notice(request, 503, "Not possible at this moment", "This way to pay is not set up here any more.")
    return _payable(request, payment, gateway, status, refused)


def _payable(request: Request, payment: PaymentRow, gateway: PaymentGateway, status: int, refused: str) -> Response:
    secret, url = payment.client_secret, payment.checkout_url
    if payment.provider_ref is None and url is None:
        secret, url = gateway.ahead(payment.id)
    if url is not None:
        return _sent_on(request, payment, url)
    can = gateway.capabilities
    # What is paid at the provider has no form of ours, also while nobody knows yet where its page is.
    has_form = payment.mode == "intent" and can.page_script is not None and can.page_source is not None
    if not has_form or (payment.provider_ref is None and can.client_secret):
        return _waits(request, payment)
    return page(
        request,
        "pay_form.html",
        status,
        hosts=can.page_hosts,
        payment=payment,
        form=can,
        label=can.label or payment.provider.capitalize(),
        secret=secret or "",
        here=house_of(request).public_url + pay_address(request, payment.id),
        refused=refused,
    )


def _waits(request: Request, payment: PaymentRow, again: str | None = None) -> Response:
    return page(request, "pay_wait.html", refresh="2", payment=payment, again=again)


def _sent_on(request: Request, payment: PaymentRow, url: str) -> Response:
    if url.startswith(house_of(request).public_url + "/"):
        return RedirectResponse(url, 303)
    # Not by a redirect: a browser would hold the form that led here to this site's own policy all the way.
    return page(request, "pay_leave.html", refresh=f"0; url={url}", payment=payment, url=url)


def _after(request: Request, payment: PaymentRow) -> Response:
    back = _followed(request, payment.return_url)
    if back is not None:
        return RedirectResponse(back, 303)
    return page(request, "pay_done.html", payment=payment)


def _followed(request: Request, kept: str | None) -> str | None:
    house = house_of(request)
    return None if kept is None else house.links.revealed(kept, house.public_url)


def _not_here(request: Request) -> Response:
    return notice(request, 404, "There is no payment here", "The address may be incomplete: open it again.")
