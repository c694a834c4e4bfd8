"""Where Stripe and PayPal deliver to the practice: into the same inbox as every provider's events."""

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from moorage.apis.practice.lists import answer
from moorage.journeys.receive_event import receive_event
from moorage.web.actor import house_of

router = APIRouter(prefix="/payments", tags=["Practice webhooks"])


class Received(BaseModel):
    """Stored, now or before; it is processed afterwards."""

    received: bool = True


@router.post("/webhook", operation_id="practice_stripe_webhook", response_model=Received)
async def take_from_stripe(request: Request) -> Response:
    """An event of Stripe, signed over the raw body in `Stripe-Signature`. A repeat is answered alike and stored once;
    404 where Stripe is not set up.
    """
    return await _take(request, "stripe")


@router.post("/paypal/webhook", operation_id="practice_paypal_webhook", response_model=Received)
async def take_from_paypal(request: Request) -> Response:
    """An event of PayPal, verified with the webhook's id. A repeat is answered alike and stored once; 404 where PayPal
    is not set up.
    """
    return await _take(request, "paypal")


async def _take(request: Request, provider: str) -> Response:
    await receive_event(house_of(request), provider, request.headers, await request.body())
    return answer(Received())
