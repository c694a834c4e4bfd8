"""The report of payments over HTTP: its shape, its calendar, and who may ask."""

from datetime import UTC, datetime

import pytest

from moorage.kernel.ids import uuid7
from tests.builders import as_engine, make_user

URL = "/api/stripe/analytics/payments"


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"business_timezone": "America/New_York"})


@pytest.fixture
async def paid(owner):
    """Three payments: late on 3 November in New York (already the 4th in UTC), one failed, one in part given back."""
    payer = await make_user(owner, first_name="Ada", last_name="Marsh")
    rows = [
        (datetime(2026, 11, 4, 3, tzinfo=UTC), "booking_deposit", 10_000, "succeeded", 0, "visa 4242"),
        (datetime(2026, 11, 5, 15, tzinfo=UTC), "booking_balance", 7_000, "failed", 0, "visa 0002"),
        (datetime(2026, 11, 5, 16, tzinfo=UTC), "booking_balance", 7_001, "partially_refunded", 5_000, None),
    ]
    async with as_engine(owner):
        for at, purpose, amount, status, refunded, method in rows:
            await owner.execute(
                """
                INSERT INTO payments (id, purpose, purpose_id, payer_id, amount_minor, currency, status, provider,
                                      payment_method, refunded_minor, succeeded_at, created_at)
                VALUES ($1, $2, $1, $3, $4, 'USD', $5, 'sandbox', $6, $7, $8, $9)
                """,
                uuid7(),
                purpose,
                payer,
                amount,
                status,
                method,
                refunded,
                at if status != "failed" else None,
                at,
            )
    return payer


async def test_payments_are_reported_by_the_calendar_of_the_business(sign_up, paid):
    admin = await sign_up(admin=True)
    answer = await admin.client.get(URL, params={"from": "2026-11-03", "to": "2026-11-05", "interval": "day"})
    report = answer.json()
    assert answer.status_code == 200, answer.text
    assert (report["from"], report["to"]) == ("2026-11-03T00:00:00-05:00", "2026-11-06T00:00:00-05:00")
    assert (report["currency"], report["currencies"], report["timezone"]) == ("USD", ["USD"], "America/New_York")
    assert report["totals"] == {
        "payments": 3,
        "succeeded": 2,
        "failed": 1,
        "canceled": 0,
        "revenue": 17_001,
        "refunded": 5_000,
        "lost_to_disputes": 0,
        "net": 12_001,
    }
    assert (report["success_rate"], report["failure_rate"], report["average_order"]) == (0.6667, 0.3333, 17_001)
    series = [(each["date"], each["revenue"], each["net"]) for each in report["revenue"]]
    assert series == [("2026-11-03", 10_000, 10_000), ("2026-11-04", 0, 0), ("2026-11-05", 7_001, 2_001)]
    assert {each["name"]: each["revenue"] for each in report["by_method"]} == {"card": 10_000, "sandbox": 7_001}
    assert {each["name"]: each["payments"] for each in report["by_payment_type"]} == {"deposit": 1, "balance": 2}
    value = report["customer_lifetime_value"]
    assert (value["customers"], value["average"], value["top"][0]["name"]) == (1, 12_001, "Ada Marsh")
    assert (report["refunds"]["rate"], report["refunds"]["amount_rate"]) == (0.5, 0.2941)
    assert report["disputes"] == {"count": 0, "amount": 0, "rate": 0.0, "by_status": {}}
    customers = (await admin.client.get("/api/stripe/customers")).json()
    assert (customers["total"], customers["items"][0]["total_spent"]) == (1, 12_001)
    assert customers["items"] == value["top"]


async def test_a_period_that_makes_no_sense_is_refused(sign_up):
    admin, client = await sign_up(admin=True), await sign_up()
    for wrong, code in (
        ({"from": "2026-11-05", "to": "2026-11-03"}, "invalid_range"),
        ({"from": "2016-11-05", "to": "2026-11-03"}, "invalid_range"),
        ({"from": "yesterday"}, "invalid_datetime"),
        ({"interval": "hour"}, "invalid_choice"),
        ({"currency": "EURO"}, "invalid_currency"),
    ):
        answer = await admin.client.get(URL, params=wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, code), wrong
    assert (await client.client.get(URL)).json()["code"] == "forbidden"
    assert (await admin.client.get(URL)).json()["totals"]["payments"] == 0
