"""Reports against adding up the rows one by one, over random payments."""

import dataclasses
import random
import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from moorage.domains import analytics
from moorage.domains.analytics import days_of, edges_of, payment_report
from moorage.journeys.tally_payments import tally_payments
from moorage.kernel.db import ANONYMOUS, Actor
from moorage.kernel.errors import ForbiddenError, InvalidRangeError
from moorage.kernel.ids import uuid7
from tests.builders import as_engine, make_user

ZONE = ZoneInfo("Europe/London")
BEGINS, ENDS = datetime(2024, 3, 3, 9, 30, tzinfo=UTC), datetime(2024, 4, 28, 17, tzinfo=UTC)
COLLECTED = ("succeeded", "partially_refunded", "refunded", "disputed", "charged_back")
STATUSES = (*COLLECTED, "failed", "canceled", "pending", "processing")
TYPES = {
    "booking_deposit": "deposit",
    "booking_balance": "balance",
    "booking_add_on": "addon",
    "booking_full": "full",
    "invoice": "invoice",
    "free_amount": "free",
}
METHODS = {"visa 4242": "card", "mastercard 4444": "card", "cash": "cash", "zelle": "zelle", None: "sandbox"}
REASONS = ("customer_request", "duplicate", "other")


@pytest.fixture
async def town(owner):
    """Payments of every kind in two currencies, some outside the period; and those who made them."""
    dice = random.Random(20261121)
    people = [await make_user(owner, first_name=f"Payer{number}", last_name="") for number in range(12)]
    admin = await make_user(owner, role="admin")
    payments = [payment(dice, [*people, None]) for _ in range(600)]
    refunds = [refund for one in payments for refund in refunds_of(dice, one)]
    disputes = [dispute(one) for one in payments if one["status"] in ("disputed", "charged_back")]
    async with as_engine(owner):
        for table, rows in (("payments", payments), ("refunds", refunds), ("disputes", disputes)):
            names = list(rows[0])
            places = ", ".join(f"${number}" for number in range(1, len(names) + 1))
            statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})"
            await owner.executemany(statement, [list(row.values()) for row in rows])
    return Actor(admin), payments, refunds, disputes


def payment(dice, people):
    status, amount = dice.choice(STATUSES), dice.randrange(500, 50_000)
    made = BEGINS + timedelta(minutes=dice.randrange(-10_000, 100_000))
    part = {"partially_refunded": amount // 3, "refunded": amount}.get(status, 0)
    return {
        "id": uuid7(),
        "purpose": dice.choice(list(TYPES)),
        "purpose_id": uuid7(),
        "payer_id": dice.choice(people),
        "amount_minor": amount,
        "currency": dice.choice(("EUR", "EUR", "USD")),
        "status": status,
        "provider": "sandbox",
        "payment_method": dice.choice(list(METHODS)),
        "refunded_minor": part,
        "disputed_minor": amount if status in ("disputed", "charged_back") else 0,
        "succeeded_at": made if status in COLLECTED else None,
        "created_at": made,
        "updated_at": made,
    }


def refunds_of(dice, one):
    made = [(one["refunded_minor"], "succeeded")] if one["refunded_minor"] else []
    if one["status"] == "succeeded" and dice.random() < 0.2:
        made.append((100, "failed"))
    return [
        {
            "id": uuid7(),
            "payment_id": one["id"],
            "amount_minor": amount,
            "currency": one["currency"],
            "status": status,
            "reason": dice.choice(REASONS),
            "created_at": one["created_at"] + timedelta(days=2),
        }
        for amount, status in made
    ]


def dispute(one):
    return {
        "id": uuid7(),
        "payment_id": one["id"],
        "provider": "sandbox",
        "provider_ref": one["id"].hex,
        "amount_minor": one["amount_minor"],
        "held_minor": one["amount_minor"],
        "currency": one["currency"],
        "status": "lost" if one["status"] == "charged_back" else "opened",
        "created_at": one["created_at"] + timedelta(days=5),
    }


def added_up(payments):
    """What `Figures` says, one payment after the other."""
    counted = defaultdict(int)
    for one in payments:
        is_collected = one["status"] in COLLECTED
        counted["payments"] += 1
        counted["collected"] += is_collected
        counted["failed"] += one["status"] == "failed"
        counted["canceled"] += one["status"] == "canceled"
        counted["orders"] += is_collected and one["purpose"] not in ("booking_balance", "booking_add_on")
        counted["given_back"] += one["refunded_minor"] > 0
        counted["gross"] += one["amount_minor"] if is_collected else 0
        counted["refunded"] += one["refunded_minor"]
        counted["lost"] += one["disputed_minor"] if one["status"] == "charged_back" else 0
    return tuple(counted[name] for name in NAMES)


NAMES = ("payments", "collected", "failed", "canceled", "orders", "given_back", "gross", "refunded", "lost")


def told(figures):
    return tuple(getattr(figures, name, None) or getattr(figures, f"{name}_minor", 0) for name in NAMES)


@pytest.mark.parametrize(("interval", "is_tallied"), [("day", False), ("day", True), ("week", True), ("month", True)])
async def test_every_figure_is_what_adding_up_gives(house, town, superuser, interval, is_tallied):
    admin, payments, refunds, disputes = town
    if is_tallied:
        await tally_payments(house)
        await change_some(superuser, payments)
    edges = edges_of(BEGINS, ENDS, interval, ZONE)
    report = await report_of(house, admin, edges, "EUR")
    assert await superuser.fetchval("SELECT count(*) > 50 FROM tallied_days") == is_tallied
    assert_adds_up(report, edges, payments, refunds, disputes)


async def report_of(house, actor, edges, currency, otherwise="USD"):
    async with house.database.reading(actor) as db:
        return await payment_report(db, edges, days_of(edges[0], edges[-1], ZONE), currency, otherwise=otherwise)


async def change_some(superuser, payments):
    """What happens after the tally was made: an old payment fails after all, another comes in."""
    one = next(one for one in payments if one["currency"] == "EUR" and one["status"] == "pending")
    one["status"] = "failed"
    await superuser.execute("UPDATE payments SET status = 'failed', updated_at = now() WHERE id = $1", one["id"])
    new = {**one, "id": uuid7(), "created_at": one["created_at"] + timedelta(hours=1), "updated_at": datetime.now(UTC)}
    places = ", ".join(f"${number}" for number in range(1, len(new) + 1))
    await superuser.execute(f"INSERT INTO payments ({', '.join(new)}) VALUES ({places})", *new.values())
    payments.append(new)


def assert_adds_up(report, edges, payments, refunds, disputes):
    ours = [one for one in payments if one["currency"] == "EUR" and BEGINS <= one["created_at"] < ENDS]
    assert report.currencies == ["EUR", "USD"]
    assert told(report.total) == added_up(ours)
    for each, start, end in zip(report.intervals, edges, edges[1:], strict=False):
        assert told(each) == added_up(one for one in ours if start <= one["created_at"] < end)
    for rows, key in (
        (report.by_type, lambda one: TYPES[one["purpose"]]),
        (report.by_method, lambda one: METHODS[one["payment_method"]]),
    ):
        assert {each.key: told(each) for each in rows} == {
            name: added_up(one for one in ours if key(one) == name) for name in {key(one) for one in ours}
        }
    given_back = [one for one in refunds if in_period(one) and one["status"] == "succeeded"]
    assert {each.reason: (each.refunds, each.amount_minor) for each in report.refunds} == {
        reason: (
            sum(one["reason"] == reason for one in given_back),
            sum(one["amount_minor"] for one in given_back if one["reason"] == reason),
        )
        for reason in REASONS
    }
    disputed = [one for one in disputes if in_period(one)]
    for each in report.disputes:
        of_it = [one for one in disputed if each.status in (None, one["status"])]
        assert (each.disputes, each.amount_minor) == (len(of_it), sum(one["amount_minor"] for one in of_it))


def in_period(one):
    return one["currency"] == "EUR" and BEGINS <= one["created_at"] < ENDS


@pytest.mark.parametrize("is_tallied", [False, True])
async def test_customers_are_worth_what_they_have_spent_of_all_time(house, town, superuser, is_tallied):
    admin, payments, _, _ = town
    if is_tallied:
        await tally_payments(house)
        one = next(
            one for one in payments if one["currency"] == "USD" and one["status"] == "succeeded" and one["payer_id"]
        )
        one |= {"status": "refunded", "refunded_minor": one["amount_minor"]}
        await superuser.execute(
            "UPDATE payments SET status = 'refunded', refunded_minor = amount_minor, updated_at = now() WHERE id = $1",
            one["id"],
        )
    report = await report_of(house, admin, edges_of(BEGINS, ENDS, "month", ZONE), "USD")
    worth = defaultdict(lambda: [0, 0, [], []])
    for one in payments:
        if one["currency"] == "USD" and one["status"] in COLLECTED and one["payer_id"] is not None:
            lost = one["disputed_minor"] if one["status"] == "charged_back" else 0
            worth[one["payer_id"]][0] += one["amount_minor"] - one["refunded_minor"] - lost
            worth[one["payer_id"]][1] += 1
            worth[one["payer_id"]][2].append(one["created_at"])
    expected = sorted(worth.items(), key=lambda item: (-item[1][0], item[0]))
    assert [
        (each.payer_id, each.spent_minor, each.payments, each.first_at, each.last_at) for each in report.top_customers
    ] == [(payer, spent, count, min(at), max(at)) for payer, (spent, count, at, _) in expected[:10]]
    assert (report.customers, report.all_spent_minor) == (len(expected), sum(one[1][0] for one in expected))


async def test_tallies_are_made_again_where_something_changed_and_by_another_calendar(house, town, superuser):
    admin, payments, refunds, disputes = town
    edges = edges_of(BEGINS, ENDS, "week", ZONE)
    await tally_payments(house)
    await change_some(superuser, payments)
    for zone in ("Europe/London", "Asia/Kolkata", "UTC"):
        terms = dataclasses.replace(house.terms, business_timezone=zone)
        await tally_payments(dataclasses.replace(house, terms=terms))
        # As if the changes had been made long ago: only what was tallied can answer.
        await superuser.execute("UPDATE tally_state SET taken_in_until = now() + interval '1 hour'")
        assert_adds_up(await report_of(house, admin, edges, "EUR"), edges, payments, refunds, disputes)
        await superuser.execute("UPDATE tally_state SET taken_in_until = now() - interval '1 hour'")


async def test_a_report_of_nothing_is_empty_and_nobody_but_an_administrator_gets_one(house, town):
    admin, payments, _, _ = town
    edges = edges_of(datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 3, tzinfo=UTC), "day", ZONE)
    report = await report_of(house, admin, edges, None, "GBP")
    assert (report.currency, report.currencies, report.total.payments, len(report.intervals)) == ("GBP", [], 0, 2)
    payer = next(one["payer_id"] for one in payments if one["payer_id"])
    for actor in (Actor(payer), ANONYMOUS):
        with pytest.raises(ForbiddenError):
            await report_of(house, actor, edges, None)


def test_intervals_begin_at_midnight_of_the_calendar_whatever_the_clocks_do():
    begins, ends = datetime(2024, 3, 30, 12, tzinfo=UTC), datetime(2024, 4, 4, tzinfo=UTC)
    days = edges_of(begins, ends, "day", ZONE)
    assert [edge.isoformat()[5:13] for edge in days] == [
        "03-30T12",
        "03-31T00",
        "03-31T23",  # summer time has begun
        "04-01T23",
        "04-02T23",
        "04-03T23",
        "04-04T00",
    ]
    assert [edge.isoformat()[5:13] for edge in edges_of(begins, ends, "week", ZONE)] == [
        "03-30T12",
        "03-31T23",
        "04-04T00",
    ]
    for wrong in (begins, begins - timedelta(days=1)):
        with pytest.raises(InvalidRangeError):
            edges_of(begins, wrong, "day", ZONE)
    with pytest.raises(InvalidRangeError):
        edges_of(begins, begins + timedelta(days=1_100), "day", ZONE)


def test_whoever_changes_what_reports_read_of_a_payment_says_that_it_changed():
    counted = r"\b(status|amount_minor|refunded_minor|disputed_minor|succeeded_at|payment_method|payer_id)\s*="
    statements = [
        statement
        for path in Path(analytics.__file__).parents[2].rglob("*.sql")
        for statement in re.findall(r"UPDATE payments\b.*?;", path.read_text(), re.DOTALL)
    ]
    changing = [one for one in statements if re.search(counted, one.partition("WHERE")[0])]
    assert len(changing) > 5
    assert [one for one in changing if "updated_at = now()" not in one] == []
