"""`/sandbox/v1/subscriptions` and `/prices`: what is paid by the period."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import JSONResponse

from moorage.apis.sandbox.objects import IntentObject, ListOf, PriceObject, SubscriptionObject
from moorage.apis.sandbox.requests import EndRequest, RenewRequest, SubscriptionRequest, part_of_list
from moorage.apis.sandbox.route import (
    KEYED,
    SandboxRoute,
    errors,
    made_before,
    perform,
    read_many,
    read_one,
    sandbox_of,
)
from moorage.providers.sandbox import prices
from moorage.providers.sandbox.cards import named
from moorage.providers.sandbox.records import Asked
from moorage.providers.sandbox.subscriptions import (
    NewSubscription,
    cancel_subscription,
    create_subscription,
    renew_subscription,
)

router = APIRouter(route_class=SandboxRoute)


@router.get("/prices/{price}", operation_id="sandbox_prices_get", response_model=PriceObject, responses=errors(404))
async def one_price(request: Request, price: str) -> Response:
    """A recurring price, which its id describes: the period, minor units and the currency."""
    async with sandbox_of(request).reading("fetch"):
        return JSONResponse(prices.price(price).shown())


@router.post(
    "/subscriptions",
    dependencies=KEYED,
    operation_id="sandbox_subscriptions_create",
    status_code=201,
    response_model=IntentObject,
    responses=made_before(IntentObject) | errors(404, 409, 413, 415),
)
async def create(request: Request, asked: SubscriptionRequest) -> Response:
    """Begin a subscription: the intent that pays its first period. It begins when that is paid."""
    new = NewSubscription(**asked.model_dump())
    return await perform(request, "create", lambda call: create_subscription(call, new), asked.model_dump(mode="json"))


@router.get(
    "/subscriptions",
    operation_id="sandbox_subscriptions_list",
    response_model=ListOf[SubscriptionObject],
    responses=errors(),
)
async def listed(request: Request, asked: Annotated[Asked, Depends(part_of_list)]) -> Response:
    """Every subscription."""
    return await read_many(request, "subscriptions", asked)


@router.get(
    "/subscriptions/{subscription}",
    operation_id="sandbox_subscriptions_get",
    response_model=SubscriptionObject,
    responses=errors(404),
)
async def one(request: Request, subscription: str) -> Response:
    """One subscription, by its id or its `client_reference`."""
    return await read_one(request, "subscriptions", subscription)


@router.post(
    "/subscriptions/{subscription}/cancel",
    dependencies=KEYED,
    operation_id="sandbox_subscriptions_cancel",
    response_model=SubscriptionObject,
    responses=errors(404, 413, 415),
)
async def cancel(request: Request, subscription: str, asked: EndRequest) -> Response:
    """End it with the period that is paid, or now."""
    return await perform(
        request,
        "cancel",
        lambda call: cancel_subscription(call, subscription, at_period_end=asked.at_period_end),
        asked.model_dump(),
    )


@router.post(
    "/subscriptions/{subscription}/renew",
    dependencies=KEYED,
    operation_id="sandbox_subscriptions_renew",
    response_model=SubscriptionObject,
    responses=errors(404, 409, 413, 415),
)
async def renew(request: Request, subscription: str, asked: RenewRequest) -> Response:
    """Let its period be over now, so that the next one is billed: a month is long for a test."""
    method = None if asked.payment_method is None else named(asked.payment_method)
    return await perform(
        request, "resolve", lambda call: renew_subscription(call, subscription, method), asked.model_dump()
    )
