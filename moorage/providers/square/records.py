"""Square's own books: every payment that collected, every refund and every dispute of a location."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

from square import AsyncSquare

from moorage.domains.payments.gateway_values import ProviderRecord
from moorage.providers.square.client import ONCE, answer, every
from moorage.providers.square.translate import moment, read, to_record

_PAGE: Final = 100
# Without a beginning Square lists what was made in the last year alone; it has taken no payments before this.
_EVER: Final = "2009-01-01T00:00:00Z"


async def all_records(square: AsyncSquare, location_id: str, since: datetime | None) -> AsyncIterator[ProviderRecord]:
    """Each kind oldest first, payments then refunds then disputes; None: ever. What was made before and has changed
    since is among it: money that was reserved a week ago and collected today is today's.
    """
    known: dict[str, dict[str, Any]] = {}
    asked: Any = {
        "begin_time": _EVER,
        **({} if since is None else {"updated_at_begin_time": since.isoformat(timespec="milliseconds")}),
        "sort_order": "ASC",
        "location_id": location_id,
        "limit": _PAGE,
        "request_options": ONCE,
    }

    async def payment_of(payment_id: str) -> dict[str, Any]:
        if payment_id not in known:
            known[payment_id] = (await answer(square.payments.get(payment_id, request_options=ONCE)))["payment"]
        return known[payment_id]

    async for payment in every(square.payments.list(**asked)):
        known[payment["id"]] = payment
        if payment["status"] == "COMPLETED":
            yield read(to_record, "charge", payment, payment)
    async for refund in every(square.refunds.list(**asked)):
        if refund.get("payment_id"):  # else money sent without a payment of ours
            yield read(to_record, "refund", refund, await payment_of(refund["payment_id"]))
    disputes = [one async for one in every(square.disputes.list(location_id=location_id, request_options=ONCE))]
    for dispute in sorted(disputes, key=lambda one: str(one["created_at"])):
        if since is None or moment(dispute["created_at"]) >= since:
            yield read(to_record, "dispute", dispute, await payment_of(dispute["disputed_payment"]["payment_id"]))
