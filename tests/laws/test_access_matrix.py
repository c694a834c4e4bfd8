"""Who may call what: every operation of the OpenAPI document by everybody, against the table below.

An operation without a row fails, and so does a cell that differs. A row holds the statuses for the callers of
`tests/support/access.py`: anonymous, another client, another practitioner, the client whose booking it is, the host
whose practice it is, an admin. After them come a token past its time and one of a sign-in that was ended: 401 at
every operation that reads tokens; the ways in do not, and answer those two as they do anybody.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from moorage.web.open_routes import OPEN, OTHER_KEYS_PREFIX
from moorage.web.openapi import operations
from moorage.wiring.openapi_snapshot import promised
from tests.support import access_practice
from tests.support.access import CALLERS, Cast, gathered
from tests.support.asks import Ask, Asks, of

DOCUMENT = promised()
OPERATIONS = {op["operationId"]: (method, path) for path, method, op in operations(DOCUMENT)}

# operation (and a word where it has several rows)  anonymous client practitioner | client host admin (of it)
EXPECTED = {
    "auth_register": "201 201 201 201 201 201",
    "auth_login": "200 200 200 200 200 200",
    "auth_token_refresh": "200 200 200 200 200 200",
    "auth_password_reset": "200 200 200 200 200 200",
    "auth_password_reset_confirm": "422 422 422 422 422 422",
    "auth_verify_email": "422 422 422 422 422 422",
    "auth_verify_email_resend": "200 200 200 200 200 200",
    "auth_logout": "401 200 200 200 200 200",
    "auth_user_read": "401 200 200 200 200 200",
    "auth_user_update": "401 200 200 200 200 200",
    "practitioners_list": "200 200 200 200 200 200",
    "practitioners_list of pending": "403 403 403 403 403 200",
    "practitioners_read": "200 200 200 200 200 200",
    "practitioners_read of pending": "404 404 404 404 200 200",
    "practitioners_services": "200 200 200 200 200 200",
    "practitioners_availability": "200 200 200 200 200 200",
    "practitioners_schedule_read": "200 200 200 200 200 200",
    "practitioners_apply": "401 201 409 201 409 201",
    "practitioners_update": "401 403 404 403 200 403",
    "practitioners_update of terms": "401 403 404 403 422 200",
    "practitioners_verify": "401 403 403 403 403 200",
    "practitioners_reject": "401 403 403 403 403 200",
    "practitioners_schedule_replace": "401 403 404 403 200 200",
    "services_list": "200 200 200 200 200 200",
    "services_categories": "200 200 200 200 200 200",
    "services_read": "200 200 200 200 200 200",
    "services_read of inactive": "404 404 404 404 200 200",
    "services_create": "401 403 201 403 201 403",
    "services_update": "401 403 404 403 200 200",
    "services_delete": "401 403 404 403 200 200",
    "services_schedule_read": "200 200 200 200 200 200",
    "services_schedule_create": "401 403 404 403 201 201",
    "bookings_create": "401 201 201 201 422 201",
    "bookings_list": "401 200 200 200 200 200",
    "bookings_upcoming": "401 200 200 200 200 200",
    "bookings_history": "401 200 200 200 200 200",
    "bookings_read": "401 404 404 200 200 200",
    "bookings_update": "401 404 404 200 200 200",
    "bookings_update of notes": "401 404 404 403 200 200",
    "bookings_cancel_preview": "401 404 404 200 200 200",
    "bookings_cancel": "401 404 404 200 200 200",
    "bookings_reschedule": "401 404 404 200 200 200",
    "bookings_confirm": "401 404 404 403 200 200",
    "bookings_complete": "401 404 404 403 200 200",
    "bookings_no_show": "401 404 404 403 200 200",
    "bookings_extend_hold": "401 404 404 200 403 200",
    "bookings_calendar": "401 404 404 200 200 200",
    "payments_create_intent": "401 404 404 200 404 404",
    "payments_confirm": "401 404 404 200 404 404",
    "payments_history": "401 200 200 200 200 200",
    "records_create": "401 201 201 201 201 201",
    "records_list": "401 200 200 200 200 200",
    "records_list_all": "401 403 403 403 403 200",
    "records_of_booking": "401 200 200 200 200 200",
    "records_read": "401 403 403 200 403 200",
    "records_read_by_gateway": "401 403 403 200 403 200",
    "records_update": "401 403 403 200 403 200",
    "records_update_status": "401 403 403 200 403 200",
    "records_cancel": "401 403 403 200 403 200",
    "earnings_list": "401 403 200 403 200 403",
    "earnings_summary": "401 403 200 403 200 403",
    "earnings_transactions": "401 403 200 403 200 403",
    "failed_jobs_list": "401 403 403 403 403 200",
    "failed_jobs_retry": "401 403 403 403 403 200",
    "provider_events_list": "401 403 403 403 403 200",
    "provider_events_replay": "401 403 403 403 403 200",
    "catering_auth_login": "200 200 200 200 200 200",
    "catering_auth_logout": "401 200 200 200 200 200",
    "catering_auth_me": "401 200 200 200 200 200",
    "catering_bookings_list": "401 200 200 200 200 200",
    "catering_bookings_create": "401 201 201 201 422 201",
    "catering_bookings_read": "401 404 404 200 200 200",
    "catering_bookings_update": "401 404 404 200 200 200",
    "catering_checkout_create": "401 404 404 200 404 200",
    "catering_intent_create": "401 404 404 200 404 200",
    "catering_payments_list": "401 200 200 200 200 200",
    "catering_payment_record": "401 403 403 403 403 201",
    "catering_payment_complete": "401 403 403 403 403 409",
    "catering_payment_bounce": "401 403 403 403 403 409",
    "catering_portal_link": "401 200 200 200 200 200",
    "catering_refund_create": "401 403 403 403 403 409",
    "catering_refunds_list": "401 403 403 403 403 200",
    "catering_disputes_list": "401 403 403 403 403 200",
    "catering_dispute_evidence": "401 403 403 403 403 404",
    "catering_invoices_list": "401 200 200 200 200 200",
    "catering_invoices_create": "401 403 403 403 403 201",
    "catering_quotes_list": "401 200 200 200 200 200",
    "catering_quotes_create": "401 403 403 403 403 201",
    "catering_quotes_accept": "401 404 404 200 404 200",
    "catering_quotes_decline": "401 404 404 200 404 200",
    "catering_analytics_payments": "401 403 403 403 403 200",
    "catering_customers_list": "401 403 403 403 403 200",
    "catering_webhook": "404 404 404 404 404 404",
    "catering_webhook_events_list": "401 403 403 403 403 200",
    "catering_webhook_events_replay": "401 403 403 403 403 200",
    "webhooks_receive": "400 400 400 400 400 400",
    "health": "200 200 200 200 200 200",
    "metrics": "200 200 200 200 200 200",
    **access_practice.EXPECTED,
}
# These take something else than an access token, and do not look at one.
TOKEN_UNREAD = {
    "auth_register",
    "auth_login",
    "auth_token_refresh",
    "auth_password_reset",
    "auth_password_reset_confirm",
    "auth_verify_email",
    "catering_auth_login",
    "catering_webhook",
    "webhooks_receive",
    "health",
    "metrics",
    *access_practice.TOKEN_UNREAD,
}


def of_booking(made: Callable[[Cast], Awaitable[Any]], body: Any = None) -> Asks:
    """A booking of `client`'s with `host`, fresh for each caller."""

    async def ask(cast: Cast) -> Ask:
        return Ask({"booking_id": (await made(cast))["id"]}, body)

    return ask


def of_account(*names: str) -> Asks:
    """Members of somebody's own account."""

    async def ask(cast: Cast) -> Ask:
        account = await cast.account()
        return Ask(body={name: account[name] for name in names})

    return ask


async def a_registration(cast: Cast) -> Ask:
    names = {"first_name": "Nora", "last_name": "Quay", "password": "correct horse battery"}
    return Ask(body={"email": f"{next(cast.hours_on)}.{cast.service.hex}@example.com", **names})


async def a_new_booking(cast: Cast) -> Ask:
    return Ask(body={"service_id": str(cast.service), "start_time": cast.start()})


async def a_new_event(cast: Cast) -> Ask:
    start = cast.start()
    wanted = {"date": start[:10], "time": start[11:16], "guests": 1, "location": "4 Quay Street"}
    return Ask(body={"service_id": str(cast.service), **wanted})


async def a_new_time(cast: Cast) -> Ask:
    return Ask({"booking_id": (await cast.hold())["id"]}, {"start_time": cast.start()})


async def a_decision(cast: Cast) -> Ask:
    return Ask({"practitioner_id": await cast.applicant()}, {"reason": "As it is."})


async def a_pending_practitioner(cast: Cast) -> Ask:
    await cast.superuser.execute(
        "UPDATE practitioners SET verification_status = 'pending' WHERE id = $1", cast.practitioner.id
    )
    return Ask({"practitioner_id": cast.practitioner.id})


async def an_inactive_service(cast: Cast) -> Ask:
    await cast.superuser.execute("UPDATE services SET is_active = false WHERE id = $1", cast.service)
    return Ask({"service_id": cast.service})


async def a_service_that_may_go(cast: Cast) -> Ask:
    await cast.superuser.execute("UPDATE services SET is_active = true WHERE id = $1", cast.service)
    await cast.hold()  # so that it is deactivated, and the next caller finds it
    return Ask({"service_id": cast.service})


async def a_date_of_a_workshop(cast: Cast) -> Ask:
    await cast.superuser.execute("UPDATE services SET service_type = 'workshop' WHERE id = $1", cast.service)
    return Ask({"service_id": cast.service}, {"start_time": cast.start()})


async def some_days(cast: Cast) -> Ask:
    first = cast.start()[:10]
    return Ask(
        {"practitioner_id": cast.practitioner.id}, query={"service_id": cast.service, "from": first, "to": first}
    )


async def an_intent(cast: Cast) -> Ask:
    return Ask(body={"booking_id": (await cast.hold())["id"]})


async def a_payment(cast: Cast) -> Ask:
    return Ask(body={"payment_id": (await cast.hold())["payment"]["id"], "payment_method": "pm_card_visa"})


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


def of_owing(name: str, value: Any, **more: Any) -> Asks:
    """A booking that is to be paid, named in the body."""

    async def ask(cast: Cast) -> Ask:
        return Ask(body={"booking_id": (await cast.hold())["id"], name: value, **more})

    return ask


def of_nothing(name: str, body: Any) -> Asks:
    """Something that is not there."""

    async def ask(cast: Cast) -> Ask:
        return Ask({name: cast.service}, body)

    return ask


async def a_payment_to_refund(cast: Cast) -> Ask:
    return Ask(body={"payment_id": (await cast.hold())["payment"]["id"], "reason": "other"})


async def a_payment_by_provider(cast: Cast) -> Ask:
    return Ask({"payment_id": (await cast.hold())["payment"]["id"]})


async def a_balance(cast: Cast) -> Ask:
    return Ask(body={"booking_id": (await cast.confirmed())["id"]})


async def a_quote(cast: Cast) -> Ask:
    return Ask({"quote_id": await cast.quote()}, {})


async def a_failed_job(cast: Cast) -> Ask:
    return Ask({"job_id": await cast.failed_job()})


async def a_stored_event(cast: Cast) -> Ask:
    return Ask({"event_id": await cast.stored_event()})


SERVICE = {
    "title": "Slow yoga",
    "service_type": "session",
    "category": "wellness",
    "price": "80.00",
    "currency": "USD",
    "duration_minutes": 60,
}
ASKS: dict[str, Asks] = {
    "auth_register": a_registration,
    "auth_login": of_account("email", "password"),
    "auth_token_refresh": of_account("refresh"),
    "auth_password_reset": of({"email": "nobody@example.com"}),
    "auth_password_reset_confirm": of({"token": "of-no-link", "password": "another pass phrase"}),
    "auth_verify_email": of({"token": "of-no-link"}),
    "auth_verify_email_resend": of({"email": "nobody@example.com"}),
    "auth_user_update": of({"first_name": "Robin"}),
    "practitioners_list of pending": of(verification_status="pending"),
    "practitioners_read of pending": a_pending_practitioner,
    "practitioners_availability": some_days,
    "practitioners_apply": of({"display_name": "Robin Quay", "timezone": "UTC"}),
    "practitioners_update": of({"bio": "Since 2009."}),
    "practitioners_update of terms": of({"is_featured": True}),
    "practitioners_verify": a_decision,
    "practitioners_reject": a_decision,
    "practitioners_schedule_replace": of({"timezone": "UTC"}),
    "services_read of inactive": an_inactive_service,
    "services_create": of(SERVICE),
    "services_update": of({"title": "Slower yoga"}),
    "services_delete": a_service_that_may_go,
    "services_schedule_create": a_date_of_a_workshop,
    "bookings_create": a_new_booking,
    "bookings_read": of_booking(Cast.hold),
    "bookings_update": of_booking(Cast.hold, {"special_requests": "A window"}),
    "bookings_update of notes": of_booking(Cast.confirmed, {"participants": [{"notes": "Left early"}]}),
    "bookings_cancel_preview": of_booking(Cast.confirmed),
    "bookings_cancel": of_booking(Cast.confirmed, {"reason": "Rain"}),
    "bookings_reschedule": a_new_time,
    "bookings_confirm": of_booking(Cast.hold),
    "bookings_complete": of_booking(Cast.begun),
    "bookings_no_show": of_booking(Cast.begun),
    "bookings_extend_hold": of_booking(Cast.hold),
    "bookings_calendar": of_booking(Cast.confirmed),
    "payments_create_intent": an_intent,
    "payments_confirm": a_payment,
    "records_create": a_new_record,
    "records_of_booking": of_numbered_booking,
    "records_read": of_record(),
    "records_read_by_gateway": of_record(),
    "records_update": of_record({"description": "Two nights"}),
    "records_update_status": of_record({"payment_status": "succeeded"}),
    "records_cancel": of_record(),
    "failed_jobs_retry": a_failed_job,
    "provider_events_replay": a_stored_event,
    "catering_auth_login": of_account("email", "password"),
    "catering_bookings_create": a_new_event,
    "catering_checkout_create": of_owing("line_items", [{"name": "Part", "amount": 100}]),
    "catering_intent_create": of_owing("amount", 8_000, payment_type="full"),
    "catering_payment_record": of_owing("amount", 100, method="cash"),
    "catering_payment_complete": a_payment_by_provider,
    "catering_payment_bounce": a_payment_by_provider,
    "catering_portal_link": of({}),
    "catering_refund_create": a_payment_to_refund,
    "catering_dispute_evidence": of_nothing("dispute_id", {"note": "Served."}),
    "catering_invoices_create": a_balance,
    "catering_quotes_create": of({"customer_email": "ada@example.com", "lines": [{"name": "Menu", "amount": 100}]}),
    "catering_quotes_accept": a_quote,
    "catering_quotes_decline": a_quote,
    "catering_bookings_read": of_booking(Cast.hold),
    "catering_bookings_update": of_booking(Cast.hold, {"notes": "By the back door"}),
    "catering_webhook": of({"id": "evt_forged"}),
    "catering_webhook_events_replay": a_stored_event,
    "webhooks_receive": of({"id": "evt_forged"}),
    **access_practice.ASKS,
}


@pytest_asyncio.fixture
async def cast(standing_town, session_database):
    async with gathered(standing_town, session_database) as everybody:
        yield everybody


def test_every_operation_has_a_row_and_every_row_an_operation():
    rows = {name.split(" ")[0] for name in EXPECTED}
    ours = {name for name in OPERATIONS if not name.startswith(OTHER_KEYS_PREFIX)}
    assert ours - rows == set(), "these operations have no row in EXPECTED: say who may call them"
    assert rows - ours == set(), "these rows are of operations that are not there any more"
    assert set(ASKS) <= set(EXPECTED)


def test_the_rows_that_let_anonymous_in_are_the_list_of_open_routes():
    opened = {name for name, cells in EXPECTED.items() if not cells.startswith("401") and " of " not in name}
    assert opened == OPEN & set(OPERATIONS)
    assert opened >= TOKEN_UNREAD


@pytest.mark.parametrize("name", EXPECTED)
async def test_everybody_gets_what_the_table_says(cast: Cast, name: str):
    operation = name.split(" ", maxsplit=1)[0]
    anonymous, *rest = EXPECTED[name].split()
    without_token = [anonymous] * 2 if operation in TOKEN_UNREAD else ["401"] * 2
    expected = dict(zip(CALLERS, [anonymous, *rest, *without_token], strict=True))
    answered = {}
    for caller in CALLERS:
        answered[caller] = await _status(cast, caller, operation, await ASKS.get(name, of())(cast))
    assert answered == expected


async def test_no_access_token_opens_the_sandbox_whose_keys_are_its_own(cast: Cast):
    path = {"intent": "pi_1", "refund": "re_1", "dispute": "dp_1", "transfer": "tr_1", "payout": "po_1", "event": "e1"}
    for name in (name for name in OPERATIONS if name.startswith(OTHER_KEYS_PREFIX)):
        for caller in ("anonymous", "client", "admin"):
            assert await _status(cast, caller, name, Ask(path, {})) == "401", (name, caller)


async def test_no_list_shows_what_is_anothers(cast: Cast):
    booking = await cast.begun()
    await _status(cast, "host", "bookings_complete", Ask({"booking_id": booking["id"]}))
    await cast.hold()
    for name in ("bookings_list", "bookings_upcoming", "bookings_history", "payments_history", "earnings_list"):
        for caller in ("other_client", "other_practitioner"):
            answer = await cast.ask(caller, *OPERATIONS[name])
            assert answer.status_code == 403 or answer.json()["data"]["count"] == 0, (name, caller)


async def _status(cast: Cast, caller: str, operation: str, ask: Ask) -> str:
    method, path = OPERATIONS[operation]
    known = {name: str(value) for name, value in ask.path.items()}
    answer = await cast.ask(caller, method, path.format_map(known), json=ask.body, params=ask.query)
    return str(answer.status_code)
