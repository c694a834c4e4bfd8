"""Disputes, for administrators: `/api/stripe/disputes`, and what we say to one."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from moorage.apis.catering.answers import problems, said
from moorage.domains.payments.facets import Evidence
from moorage.domains.payments.listed import DisputeRow, disputes_listed
from moorage.domains.payments.states import DisputeStatus
from moorage.journeys.answer_dispute import accept_dispute, answer_dispute
from moorage.web.actor import Admin, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import Id, LongText, StrictModel
from moorage.web.slices import Sliced, Slicing, sliced

router = APIRouter(prefix="/stripe", tags=["Catering payments"], route_class=StrictRoute)
Text = Annotated[LongText, Field(min_length=1)] | None


class EvidenceIn(StrictModel):
    """What we say, all optional. `submit` hands it in, which can be done once."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"service_date": "2026-12-15", "note": "Served as agreed.", "submit": False}]}
    )

    customer_name: Text = None
    customer_email: Text = None
    product_description: Text = None
    service_date: Text = None
    service_documentation: Text = None
    cancellation_policy: Text = None
    refund_policy: Text = None
    note: Text = None
    submit: bool = False


class CateringDispute(BaseModel):
    """A dispute. Amounts are cents; `held` is what of it is at stake here."""

    id: UUID
    payment_id: UUID
    provider: str
    provider_reference: str
    amount: int
    held: int
    currency: str
    status: DisputeStatus
    reason: str
    evidence_due_at: datetime | None
    closed_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, row: DisputeRow) -> "CateringDispute":
        """The view of one row."""
        return cls(
            id=row.id,
            payment_id=row.payment_id,
            provider=row.provider,
            provider_reference=row.provider_ref,
            amount=row.amount_minor,
            held=row.held_minor,
            currency=row.currency,
            status=row.status,
            reason=row.reason,
            evidence_due_at=row.evidence_due_at,
            closed_at=row.closed_at,
            created_at=row.created_at,
        )


@router.get(
    "/disputes",
    operation_id="catering_disputes_list",
    response_model=Sliced[CateringDispute],
    responses=problems(401, 403, 422),
)
async def list_disputes(
    request: Request, caller: Admin, part: Slicing, *, status: DisputeStatus | None = None
) -> Response:
    """Disputes, the newest first."""
    async with house_of(request).database.reading(caller.actor) as db:
        rows, total = await disputes_listed(db, status, limit=part.limit, offset=part.offset)
    return sliced([CateringDispute.of(row) for row in rows], total, part)


@router.post(
    "/disputes/{dispute_id}/evidence",
    operation_id="catering_dispute_evidence",
    response_model=CateringDispute,
    responses=problems(401, 403, 404, 409, 422),
)
async def send_evidence(request: Request, dispute_id: Id, caller: Admin, body: EvidenceIn) -> Response:
    """Keep evidence with the dispute at its provider, and hand it in with `submit`."""
    evidence = Evidence(**body.model_dump(exclude={"submit"}))
    row = await answer_dispute(house_of(request), caller.actor, dispute_id, evidence, submit=body.submit)
    return said(CateringDispute.of(row))


@router.post(
    "/disputes/{dispute_id}/accept",
    operation_id="catering_dispute_accept",
    response_model=CateringDispute,
    responses=problems(401, 403, 404, 409, 422),
)
async def give_in(request: Request, dispute_id: Id, caller: Admin) -> Response:
    """Give in, which cannot be taken back. The dispute is `lost` when its provider has said so."""
    return said(CateringDispute.of(await accept_dispute(house_of(request), caller.actor, dispute_id)))
