"""A practitioner reads their earnings, their totals and every line on their accounts."""

from moorage.kernel.ids import uuid7
from tests.support.shop import Shop

EARNINGS, SUMMARY = "/api/v1/practitioner/earnings/", "/api/v1/practitioner/earnings/summary/"
TRANSACTIONS = "/api/v1/practitioner/transactions/"


async def read(client, url):
    answer = await client.get(url)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_a_paid_booking_is_an_earning_less_commission(shop: Shop):
    held = await shop.paid()
    listed = await read(shop.seller, EARNINGS)
    assert listed["count"] == 1
    earning = listed["results"][0]
    assert earning["booking_id"] == str(held.id)
    assert [earning[name] for name in ("gross_amount", "commission_rate", "commission_amount", "net_amount")] == [
        "80.00",
        "5.00",
        "4.00",
        "76.00",
    ]
    assert (earning["status"], earning["reversed_amount"], earning["disputed"]) == ("pending", "0.00", False)
    total = (await read(shop.seller, SUMMARY))["totals"][0]
    assert (total["currency"], total["gross"], total["commission"], total["net"]) == ("USD", "80.00", "4.00", "76.00")
    assert (total["pending"], total["available"], total["this_month"], total["count"]) == ("76.00", "0.00", "76.00", 1)


async def test_a_part_refund_shows_in_all_three(shop: Shop):
    held = await shop.paid()
    await shop.db.execute("SELECT plan_refund($1, $2, $3, 2000, 'test')", uuid7(), uuid7(), held.payment_id)
    assert (await read(shop.seller, EARNINGS))["results"][0]["reversed_amount"] == "19.00"
    assert (await read(shop.seller, SUMMARY))["totals"][0]["pending"] == "57.00"
    lines = (await read(shop.seller, TRANSACTIONS))["results"]
    assert [(line["kind"], line["amount"], line["balance_after"]) for line in lines] == [
        ("refund", "-19.00", "57.00"),
        ("earning", "76.00", "76.00"),
    ]


async def test_lists_take_filters_order_and_pages(shop: Shop):
    first, second = await shop.paid(), await shop.paid()
    assert (await read(shop.seller, f"{EARNINGS}?booking_id={first.id}"))["count"] == 1
    assert (await read(shop.seller, f"{EARNINGS}?status=available"))["count"] == 0
    ordered = await read(shop.seller, f"{EARNINGS}?ordering=created_at&page_size=1&page=2")
    assert ordered["results"][0]["booking_id"] == str(second.id)
    assert ordered["previous"].endswith("page=1")
    assert (await read(shop.seller, f"{TRANSACTIONS}?kind=earning&account=pending&currency=USD"))["count"] == 2
    assert (await read(shop.seller, f"{TRANSACTIONS}?from=2100-01-01T00:00:00Z"))["count"] == 0
    backwards = await shop.seller.get(f"{TRANSACTIONS}?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z")
    assert (backwards.status_code, backwards.json()["errors"]["code"]) == (422, "invalid_range")


async def test_only_practitioners_ask_and_only_for_themselves(shop: Shop):
    await shop.paid()
    for url in (EARNINGS, SUMMARY, TRANSACTIONS):
        assert (await shop.client.get(url)).status_code == 403
        assert (await shop.town.payer.get(url)).status_code == 401
