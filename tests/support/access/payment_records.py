"""The payment records contract in the access matrix: its rows, and what its requests fill in."""

from typing import Any

from tests.support.access.asks import Ask, Asks
from tests.support.access.cast import Cast

# operation (and a word where it has several rows)  anonymous client practitioner | client host admin (of it)
EXPECTED = {
    "records_create": "401 201 201 201 201 201",
    "records_list": "401 200 200 200 200 200",
    "records_list_all": "401 403 403 403 403 200",
    "records_of_booking": "401 200 200 200 200 200",
    "records_read": "401 403 403 200 403 200",
    "records_read_by_gateway": "401 403 403 200 403 200",
    "records_update": "401 403 403 200 403 200",
    "records_update_status": "401 403 403 200 403 200",
    "records_cancel": "401 403 403 200 403 200",
}
TOKEN_UNREAD: set[str] = set()


async def of_numbered_booking(_: Cast) -> Ask:
    return Ask({"booking_id": 7})


async def a_new_record(cast: Cast) -> Ask:
    body = {"payment_id": f"pi_{next(cast.hours_on)}_{cast.service.hex}", "amount_total": "80.00"}
    return Ask(body={**body, "currency": "USD", "provider": "other"})


def of_record(body: Any = None) -> Asks:
    """A payment that `client` recorded, fresh for each caller."""

    async def ask(cast: Cast) -> Ask:
        made = await cast.record()
        return Ask({"number": made["id"], "payment_id": made["payment_id"]}, body)

    return ask


ASKS: dict[str, Asks] = {
    "records_create": a_new_record,
    "records_of_booking": of_numbered_booking,
    "records_read": of_record(),
    "records_read_by_gateway": of_record(),
    "records_update": of_record({"description": "Two nights"}),
    "records_update_status": of_record({"payment_status": "succeeded"}),
    "records_cancel": of_record(),
}
