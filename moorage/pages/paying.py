"""From a page that says what is owed to the page where it is paid."""

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from moorage.domains.bookings.errors import HoldExpiredError
from moorage.domains.invoicing.errors import NothingOwedError
from moorage.domains.payments.gateway import OutcomeUnknownError, ProviderDeclinedError
from moorage.journeys.pay_invoice import PayerChoice
from moorage.kernel.errors import InvalidError, InvalidStateError
from moorage.web.actor import house_of
from moorage.web.pay_links import pay_address

REFUSED: Final = (ProviderDeclinedError, InvalidError, HoldExpiredError)
"""What keeps somebody from paying, and is said on the page they come from."""


async def begin_paying(
    request: Request,
    path: str,
    pay: Callable[[PayerChoice], Awaitable[object]],
    provider: str | None = None,
    *,
    kept: str | None = None,
) -> Response:
    """Start what `pay` starts, and go on to where that is paid; back to `path` where nothing is to be paid. `kept` is
    the address as the payment keeps it, where rows are not to know it. Raises REFUSED, and NotFoundError.
    """
    house = house_of(request)
    here = kept or f"{house.public_url}{path}"
    payment_id = house.ids()
    back = f"{here}?payment={payment_id}"
    try:
        await pay(PayerChoice(payment_id, house.ids(), return_url=back, cancel_url=here, provider=provider))
    except OutcomeUnknownError:
        pass  # The payment exists: its page waits until the provider has answered.
    except (NothingOwedError, InvalidStateError):
        return RedirectResponse(path, 303)
    return RedirectResponse(pay_address(request, payment_id), 303)
