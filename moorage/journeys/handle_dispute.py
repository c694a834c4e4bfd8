"""A dispute: the provider took money back while it decides. Money and earnings are held, and people are told."""

from uuid import UUID

from moorage.domains.payments.gateway_values import ProviderEvent
from moorage.domains.payments.operations import close_event, record_dispute
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM
from moorage.kernel.money import format_amount

_SAID = {
    "opened": "A payer has disputed a payment. The provider holds the money; answer with evidence in its dashboard.",
    "under_review": "The evidence for a disputed payment is being reviewed.",
    "won": "A dispute was decided for you: the money is back.",
    "lost": "A dispute was lost: the money is gone, and with it the earning and the commission of that payment.",
}


async def handle_dispute(house: House, event_row_id: UUID, payment_id: UUID, event: ProviderEvent) -> str:
    """Record what the provider says of a dispute, tell the administrators, and close the stored event: one
    transaction. Answers 'moved', 'repeated' or 'impossible'. Raises InvalidStateError when the payment's success has
    not been heard of here yet.
    """
    async with house.database.transaction(SYSTEM) as db:
        outcome = await record_dispute(db, house.ids(), payment_id, event)
        if outcome == "moved":
            subject, body, cause = _mail(payment_id, event)
            await db.execute("SELECT alert_administrators($1, $2, $3)", subject, body, cause)
        status = "ignored" if outcome == "impossible" else "processed"
        await close_event(db, event_row_id, status, f"dispute {event.dispute_status}: {outcome}")
    return outcome


def _mail(payment_id: UUID, event: ProviderEvent) -> tuple[str, str, str]:
    assert event.amount_minor is not None  # noqa: S101 - every event of a dispute says how much
    assert event.currency is not None  # noqa: S101
    status = str(event.dispute_status)
    body = (
        f"{_SAID[status]}\n\nPayment: {payment_id}\nDispute: {event.dispute_reference}\n"
        f"Amount: {format_amount(event.amount_minor, event.currency)} {event.currency}\n"
    )
    if event.evidence_due_at is not None and status == "opened":
        body += f"Evidence is due by {event.evidence_due_at:%Y-%m-%d %H:%M} UTC.\n"
    return f"Dispute {status.replace('_', ' ')}", body, f"dispute_{status}:{event.dispute_reference}"
