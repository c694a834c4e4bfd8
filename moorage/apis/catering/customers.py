"""Customers and what they have spent, for administrators: `/api/stripe/customers`."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from moorage.apis.catering.analytics import OTHERWISE, TopCustomer
from moorage.apis.catering.answers import problems
from moorage.domains import analytics
from moorage.web.actor import Admin, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import CurrencyCode
from moorage.web.slices import Sliced, Slicing, sliced

router = APIRouter(prefix="/stripe", tags=["Catering reports"], route_class=StrictRoute)


@router.get(
    "/customers",
    operation_id="catering_customers_list",
    response_model=Sliced[TopCustomer],
    responses=problems(401, 403, 422),
)
async def list_customers(
    request: Request,
    caller: Admin,
    part: Slicing,
    currency: Annotated[CurrencyCode, Query(description="Spent in this currency")] = OTHERWISE,
) -> Response:
    """Everybody who has paid in a currency, with the total spent less what went back, payments, first and last; who
    spent most comes first.
    """
    async with house_of(request).database.reading(caller.actor) as db:
        found, total, _ = await analytics.customers(db, currency, limit=part.limit, offset=part.offset)
    return sliced([TopCustomer.of(each) for each in found], total, part)
