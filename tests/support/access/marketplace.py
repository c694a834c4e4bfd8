"""The marketplace contract in the access matrix: its rows, and what its requests fill in."""

from tests.support.access.asks import Ask, Asks, of, of_account, of_booking
from tests.support.access.cast import Cast

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
    "earnings_list": "401 403 200 403 200 403",
    "earnings_summary": "401 403 200 403 200 403",
    "earnings_transactions": "401 403 200 403 200 403",
    "payouts_own": "401 403 200 403 200 403",
    "payouts_request": "401 403 409 403 409 403",
    "payouts_connect": "401 403 200 403 200 403",
    "payouts_list": "401 403 403 403 403 200",
    "payouts_mark_paid": "401 403 403 403 403 200",
    "payouts_mark_failed": "401 403 403 403 403 200",
}
TOKEN_UNREAD = {
    "auth_register",
    "auth_login",
    "auth_token_refresh",
    "auth_password_reset",
    "auth_password_reset_confirm",
    "auth_verify_email",
}


async def a_registration(cast: Cast) -> Ask:
    names = {"first_name": "Nora", "last_name": "Quay", "password": "correct horse battery"}
    return Ask(body={"email": f"{next(cast.hours_on)}.{cast.service.hex}@example.com", **names})


async def a_new_booking(cast: Cast) -> Ask:
    return Ask(body={"service_id": str(cast.service), "start_time": cast.start()})


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


def of_payout(body: object = None) -> Asks:
    """A payout to `host` by hand, fresh for each caller."""

    async def ask(cast: Cast) -> Ask:
        return Ask({"payout_id": await cast.payout()}, body)

    return ask


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
    "payouts_request": of({"amount": "60.00", "currency": "USD"}),
    "payouts_connect": of({"country": "US"}),
    "payouts_mark_paid": of_payout(),
    "payouts_mark_failed": of_payout({"reason": "account_closed"}),
}
