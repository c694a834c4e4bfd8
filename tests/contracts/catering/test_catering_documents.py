"""Invoices and quotes of the catering contract, and money that comes by hand."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from moorage.domains.invoicing.errors import PortalLinkExpiredError, TaxRateUnknownError
from moorage.domains.invoicing.policy import InvoiceLine, Recipient
from moorage.journeys.accept_quote import NewQuote, make_quote
from moorage.journeys.audit_books import audit
from moorage.journeys.portal_link import open_portal_link
from moorage.kernel.db import Actor
from moorage.kernel.ids import uuid7
from tests.builders import make_service
from tests.support.bookings import Practice
from tests.support.practice import settle

DAY = (datetime.now(UTC) + timedelta(days=5)).date().isoformat()


@pytest.fixture
async def kitchen(practice: Practice) -> Practice:
    """A kitchen at 20.00 an adult with a deposit of a quarter, and somebody who runs it."""
    practice.service = await make_service(
        practice.owner, practice.practitioner, options={"adult": 2_000}, max_participants=50, deposit_bps=2_500
    )
    practice.host = await practice.sign_up(role="admin")
    return practice


def ok(answer, status: int = 200):
    assert answer.status_code == status, answer.text
    return answer.json()


def refused(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def book(kitchen: Practice, guests: int = 10):
    body = {"date": DAY, "time": "10:00", "guests": guests, "menu": "adult", "location": "4 Quay Street"}
    return ok(await kitchen.client.client.post("/api/bookings", json=body), 201)


async def by_hand(kitchen: Practice, booking, amount: int, key: str | None = None, **more):
    body = {"booking_id": booking["id"], "amount": amount, "method": "cash", **more}
    headers = {"Idempotency-Key": key} if key else {}
    return await kitchen.host.client.post("/api/stripe/payments", json=body, headers=headers)


async def read(kitchen: Practice, booking):
    return ok(await kitchen.client.client.get(f"/api/bookings/{booking['id']}"))


async def test_case_26_cash_for_what_a_changed_price_leaves_owed_counts_once(kitchen: Practice):
    booking = await book(kitchen)
    assert ok(await by_hand(kitchen, booking, 5_000, payment_type="deposit"), 201)["status"] == "succeeded"
    changed = ok(await kitchen.client.client.put(f"/api/bookings/{booking['id']}", json={"guests": 9}))
    assert (changed["status"], changed["total"], changed["owed"]) == ("confirmed", 18_000, 13_000)
    assert refused(await by_hand(kitchen, booking, 13_001)) == (422, "overpayment")
    key = uuid7().hex
    first, again = await by_hand(kitchen, booking, 13_000, key), await by_hand(kitchen, booking, 13_000, key)
    assert ok(first, 201) == ok(again, 201)
    paid = await read(kitchen, booking)
    assert (paid["paid"], paid["owed"]) == (18_000, 0)
    [payment] = ok(await kitchen.client.client.get("/api/stripe/payments?method=cash&payment_type=balance"))["items"]
    assert (payment["amount"], payment["booking_id"]) == (13_000, booking["id"])


async def test_a_check_that_bounces_is_owed_again(kitchen: Practice):
    booking = await book(kitchen)
    check = ok(await by_hand(kitchen, booking, 20_000, method="check", status="pending", payment_type="full"), 201)
    assert (check["status"], check["method"]) == ("pending", "check")
    post = kitchen.host.client.post
    assert ok(await post(f"/api/stripe/payments/{check['id']}/complete"))["status"] == "succeeded"
    assert (await read(kitchen, booking))["owed"] == 0
    ok(await post(f"/api/stripe/payments/{check['id']}/bounce", json={"reason": "Returned by the bank."}))
    assert (await read(kitchen, booking))["owed"] == 20_000
    assert refused(await by_hand(kitchen, {"id": str(uuid7())}, 1)) == (404, "not_found")


async def test_cash_of_a_cancelled_booking_is_given_back_when_somebody_says_so(kitchen: Practice):
    booking = await book(kitchen)
    ok(await by_hand(kitchen, booking, 20_000, payment_type="full"), 201)
    ok(await kitchen.host.client.post(f"/api/v1/bookings/{booking['id']}/cancel/", json={}))
    await settle(kitchen)
    [refund] = ok(await kitchen.host.client.get("/api/stripe/refunds?status=pending"))["items"]
    assert refund["amount"] == "200.00"
    done = f"/api/stripe/refunds/{refund['id']}/handed-over"
    assert refused(await kitchen.client.client.post(done)) == (403, "forbidden")
    for _ in range(2):
        assert ok(await kitchen.host.client.post(done))["status"] == "succeeded"
    assert await audit(kitchen.house) == []


async def test_a_balance_is_billed_once_and_paid_by_whatever_comes(kitchen: Practice):
    booking = await book(kitchen)
    ok(await by_hand(kitchen, booking, 5_000, payment_type="deposit"), 201)
    post = kitchen.host.client.post
    bill = {"booking_id": booking["id"]}
    invoice = ok(await post("/api/stripe/invoices", json=bill), 201)
    assert (invoice["status"], invoice["total"], invoice["amount_due"]) == ("open", 15_000, 15_000)
    assert invoice["number"]
    assert invoice["hosted_invoice_url"].startswith(f"{kitchen.house.public_url}/i/")
    assert datetime.fromisoformat(invoice["due_date"]) - datetime.now(UTC) > timedelta(days=6)
    assert ok(await post("/api/stripe/invoices", json=bill), 201)["id"] == invoice["id"]
    listed = ok(await kitchen.client.client.get(f"/api/stripe/invoices?status=open&booking_id={booking['id']}"))
    assert [each["id"] for each in listed["items"]] == [invoice["id"]]
    ok(await by_hand(kitchen, booking, 15_000), 201)
    [paid] = ok(await kitchen.client.client.get("/api/stripe/invoices?status=paid"))["items"]
    assert (paid["id"], paid["amount_paid"], paid["amount_due"]) == (invoice["id"], 15_000, 0)
    assert refused(await post("/api/stripe/invoices", json=bill)) == (409, "nothing_owed")
    assert refused(await kitchen.client.client.post("/api/stripe/invoices", json=bill)) == (403, "forbidden")
    stranger = await kitchen.sign_up()
    assert ok(await stranger.client.get("/api/stripe/invoices"))["total"] == 0


async def test_an_invoice_is_voided_or_written_off_by_an_administrator(kitchen: Practice):
    booking = await book(kitchen)
    post, mine = kitchen.host.client.post, kitchen.client.client.post
    bill = {"booking_id": booking["id"]}
    invoice = ok(await post("/api/stripe/invoices", json=bill), 201)
    path = f"/api/stripe/invoices/{invoice['id']}"
    assert refused(await mine(f"{path}/void")) == refused(await mine(f"{path}/write-off")) == (403, "forbidden")
    written_off = ok(await post(f"{path}/write-off"))
    assert (written_off["status"], written_off["amount_due"]) == ("uncollectible", 20_000)
    voided = ok(await post(f"{path}/void", json={"reason": "Billed twice."}))
    assert (voided["status"], voided["number"], voided["void_reason"]) == ("void", invoice["number"], "Billed twice.")
    assert ok(await post(f"{path}/void"))["void_reason"] == "Billed twice."
    assert refused(await post(f"{path}/write-off")) == (409, "invalid_state")
    assert refused(await post(f"/api/stripe/invoices/{uuid7()}/void")) == (404, "not_found")
    another = ok(await post("/api/stripe/invoices", json=bill), 201)
    assert another["id"] != invoice["id"]
    ok(await by_hand(kitchen, booking, 5_000), 201)
    assert refused(await post(f"/api/stripe/invoices/{another['id']}/void")) == (409, "invalid_state")


async def test_a_quote_that_was_taken_back_is_not_accepted(kitchen: Practice):
    body = {"customer_id": str(kitchen.client.user_id), "lines": [{"name": "Menu", "amount": 100}]}
    quote = ok(await kitchen.host.client.post("/api/stripe/quotes", json=body), 201)
    path = f"/api/stripe/quotes/{quote['id']}"
    assert refused(await kitchen.client.client.post(f"{path}/withdraw")) == (403, "forbidden")
    assert ok(await kitchen.host.client.post(f"{path}/withdraw"))["status"] == "withdrawn"
    assert refused(await kitchen.client.client.post(f"{path}/accept")) == (409, "invalid_state")


async def test_a_quote_is_accepted_once_by_its_customer_or_by_its_link(kitchen: Practice):
    post = kitchen.host.client.post
    body = {
        "customer_id": str(kitchen.client.user_id),
        "lines": [
            {"name": "Wedding menu", "amount": 8_500, "quantity": 40},
            {"name": "Friends", "amount": -10_000},
        ],
        "expires_at": DAY,
    }
    quote = ok(await post("/api/stripe/quotes", json=body), 201)
    assert (quote["status"], quote["total"], len(quote["lines"])) == ("open", 330_000, 2)
    stranger = await kitchen.sign_up()
    accept = f"/api/stripe/quotes/{quote['id']}/accept"
    assert refused(await stranger.client.post(accept)) == (404, "not_found")
    assert refused(await kitchen.anybody.post(accept)) == (401, "not_authenticated")
    assert refused(await kitchen.anybody.post(accept, json={"link": "wrong"})) == (404, "not_found")
    link = quote["url"].rpartition("/")[2]
    accepted = ok(await kitchen.anybody.post(accept, json={"link": link}))
    again = ok(await kitchen.client.client.post(accept))
    assert (accepted["status"], accepted["invoice"]["total"]) == ("accepted", 330_000)
    assert again["invoice"]["id"] == accepted["invoice"]["id"] == again["invoice_id"]
    assert refused(await kitchen.client.client.post(accept.replace("accept", "decline"))) == (409, "invalid_state")
    [listed] = ok(await kitchen.client.client.get("/api/stripe/quotes?status=accepted"))["items"]
    assert listed["id"] == quote["id"]


async def test_a_quote_to_an_address_is_for_whoever_has_shown_that_it_is_theirs(kitchen: Practice):
    address, users = (
        "Rita@example.com",
        "UPDATE users SET email = 'rita@example.com', email_verified_at = $2 WHERE id = $1",
    )
    body = {"customer_email": address, "lines": [{"name": "Menu", "amount": 100}]}
    for verified_at, total, status in ((None, 0, 404), (datetime.now(UTC), 1, 200)):
        await kitchen.superuser.execute(users, kitchen.client.user_id, verified_at)
        quote = ok(await kitchen.host.client.post("/api/stripe/quotes", json=body), 201)
        assert ok(await kitchen.client.client.get("/api/stripe/quotes"))["total"] == total
        accepted = await kitchen.client.client.post(f"/api/stripe/quotes/{quote['id']}/accept")
        assert accepted.status_code == status
    assert ok(await kitchen.client.client.get("/api/stripe/invoices"))["total"] == 1


async def test_a_quote_is_declined_with_a_reason_and_expires(kitchen: Practice):
    post = kitchen.host.client.post
    body = {"customer_id": str(kitchen.client.user_id), "lines": [{"name": "Menu", "amount": 100}]}
    one, other = [ok(await post("/api/stripe/quotes", json=body), 201) for _ in range(2)]
    declined = await kitchen.client.client.post(
        f"/api/stripe/quotes/{one['id']}/decline", json={"reason": "Too many courses."}
    )
    assert (ok(declined)["status"], ok(declined)["decline_reason"]) == ("declined", "Too many courses.")
    await kitchen.superuser.execute("UPDATE quotes SET expires_at = now() - interval '1 minute'")
    late = await kitchen.client.client.post(f"/api/stripe/quotes/{other['id']}/accept")
    assert refused(late) == (409, "quote_expired")
    past = await post("/api/stripe/quotes", json={**body, "expires_at": "2020-01-01"})
    assert refused(past) == (422, "invalid_range")
    unknown = await post("/api/stripe/quotes", json={**body, "customer_id": str(uuid7())})
    assert refused(unknown) == (404, "not_found")
    nobody = await post("/api/stripe/quotes", json={"lines": body["lines"]})
    assert (nobody.status_code, nobody.json()["errors"][0]["pointer"]) == (422, "/customer_email")


async def test_a_link_to_our_portal_opens_for_a_while(kitchen: Practice):
    url = ok(await kitchen.client.client.post("/api/stripe/portal-link"))["url"]
    secret = url.rpartition("/")[2]
    _, user_id, _ = await open_portal_link(kitchen.house, secret)
    assert user_id == kitchen.client.user_id
    await kitchen.superuser.execute("UPDATE portal_links SET expires_at = now() - interval '1 minute'")
    with pytest.raises(PortalLinkExpiredError):
        await open_portal_link(kitchen.house, secret)


async def test_a_quote_of_a_place_whose_tax_nobody_has_said_is_refused(kitchen: Practice):
    terms = dataclasses.replace(kitchen.house.invoicing, tax_country="GB")
    house = dataclasses.replace(kitchen.house, invoicing=terms)
    new = NewQuote(uuid7(), Recipient(email="ada@example.com"), "USD", [InvoiceLine("Menu", 100)])
    with pytest.raises(TaxRateUnknownError):
        await make_quote(house, Actor(kitchen.host.user_id), new)


async def test_an_accepted_quote_for_a_booking_is_its_price(kitchen: Practice):
    booking = await book(kitchen)
    body = {"booking_id": booking["id"], "lines": [{"name": "All of it", "amount": 25_000}]}
    quote = ok(await kitchen.host.client.post("/api/stripe/quotes", json=body), 201)
    accepted = ok(await kitchen.client.client.post(f"/api/stripe/quotes/{quote['id']}/accept"))
    assert accepted["invoice"] is None
    assert (await read(kitchen, booking))["total"] == 25_000
