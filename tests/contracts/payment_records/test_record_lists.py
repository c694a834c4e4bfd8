"""Payment records over HTTP: pages and filters, one's own and everybody's."""

from datetime import UTC, datetime, timedelta

from tests.support.records import PAYMENTS, recorded, told


async def test_lists_come_in_pages_the_newest_first(sign_up):
    ann, bob = await sign_up(), await sign_up()
    ids = [(await recorded(ann))["id"] for _ in range(5)]
    await recorded(bob)
    first = told(await ann.client.get(PAYMENTS, params={"page_size": 2}))
    assert {**first, "items": None} == {"items": None, "total": 5, "page": 1, "page_size": 2, "pages": 3}
    last = told(await ann.client.get(PAYMENTS, params={"page_size": 2, "page": 3}))
    assert [item["id"] for item in first["items"] + last["items"]] == [ids[4], ids[3], ids[0]]
    assert told(await ann.client.get(PAYMENTS, params={"page": 9}))["items"] == []
    assert told(await (await sign_up()).client.get(PAYMENTS)) == {
        "items": [],
        "total": 0,
        "page": 1,
        "page_size": 20,
        "pages": 0,
    }


SENSELESS = [
    ({"page": 0}, "invalid_limit"),
    ({"page_size": 0}, "invalid_limit"),
    ({"page_size": 101}, "invalid_limit"),
    ({"page": "one"}, "invalid_type"),
    ({"payment_status": "paid"}, "invalid_choice"),
    ({"provider": "sandbox"}, "invalid_choice"),
    ({"currency": "euro"}, "invalid_currency"),
    ({"created_from": "yesterday"}, "invalid_datetime"),
    ({"created_from": "2026-02-02", "created_to": "2026-02-01"}, "invalid_range"),
]


async def test_a_page_or_filter_that_makes_no_sense_is_refused(sign_up):
    ann = await sign_up()
    for query, code in SENSELESS:
        assert told(await ann.client.get(PAYMENTS, params=query), 422)["code"] == code, query


async def test_lists_are_narrowed_by_each_filter(sign_up):
    ann = await sign_up()
    one = await recorded(ann, provider="paypal", currency="USD", booking_id=1, property_id=5)
    two = await recorded(ann, payment_status="succeeded", booking_id=2, property_id=5)
    today = datetime.now(UTC).date()
    cases = [
        ({"payment_status": "succeeded"}, [two]),
        ({"payment_status": "failed"}, []),
        ({"provider": "paypal"}, [one]),
        ({"currency": "USD"}, [one]),
        ({"booking_id": 2}, [two]),
        ({"property_id": 5}, [two, one]),
        ({"property_id": 5, "provider": "paypal", "payment_status": "pending"}, [one]),
        ({"created_from": f"{today}"}, [two, one]),
        ({"created_to": f"{today - timedelta(days=1)}"}, []),
        ({"created_from": two["created_at"]}, [two]),
        ({"created_to": two["created_at"]}, [one]),
    ]
    for query, wanted in cases:
        assert told(await ann.client.get(PAYMENTS, params=query))["items"] == wanted, query


async def test_administrators_see_everybodys(sign_up):
    ann, bob, admin = await sign_up(), await sign_up(), await sign_up(admin=True)
    mine, other = await recorded(ann), await recorded(bob, provider="square")
    everything = told(await admin.client.get(PAYMENTS + "admin/all"))
    assert everything["items"] == [other, mine]
    assert told(await admin.client.get(PAYMENTS + "admin/all", params={"provider": "square"}))["items"] == [other]
    assert told(await ann.client.get(PAYMENTS + "admin/all"), 403)["code"] == "forbidden"
    assert told(await admin.client.get(PAYMENTS))["total"] == 0
