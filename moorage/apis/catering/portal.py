"""`/api/stripe/portal-link`: a customer's own page of payments and invoices."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from moorage.apis.catering.answers import problems, said
from moorage.apis.catering.payment_shapes import Url
from moorage.journeys.open_portal import open_portal
from moorage.web.actor import CurrentUser, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import StrictModel
from moorage.web.return_urls import check_return_urls

router = APIRouter(prefix="/stripe", tags=["Catering payments"], route_class=StrictRoute)


class PortalIn(StrictModel):
    """Where the customer comes back to."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    return_url: Url | None = None


class PortalLink(BaseModel):
    """An address for this customer alone, for a short while."""

    url: str


@router.post(
    "/portal-link",
    operation_id="catering_portal_link",
    response_model=PortalLink,
    responses=problems(401, 404, 422),
)
async def make_portal_link(request: Request, caller: CurrentUser, body: PortalIn | None = None) -> Response:
    """The portal of the provider, for whom it knows as a customer; ours for everybody else."""
    return_url = None if body is None else body.return_url
    check_return_urls(request, return_url=return_url)
    return said(PortalLink(url=await open_portal(house_of(request), caller.actor, return_url)))
