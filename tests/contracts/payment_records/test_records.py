"""Payment records over HTTP: recorded, found, described, moved, cancelled."""

import itertools
from datetime import UTC, datetime, timedelta

from moorage.journeys.audit_books import audit
from moorage.kernel.ids import uuid7

PAYMENTS = "/api/v1/payments/"
PROBLEM = "application/problem+json"


def new(**more):
    body = {"payment_id": f"pi_{uuid7().hex}", "amount_total": "420.00", "currency": "EUR", "provider": "stripe"}
    return {**body, **more}


async def recorded(person, status=201, **more):
    return told(await person.client.post(PAYMENTS, json=new(**more)), status)


def told(answer, status=200):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == ("application/json" if status < 400 else PROBLEM)
    return answer.json()


async def move(person, record, to, status=200):
    return told(await person.client.patch(f"{PAYMENTS}{record['id']}/status", json={"payment_status": to}), status)


async def test_a_payment_is_recorded_whole_and_found_by_each_of_its_ids(sign_up):
    ann = await sign_up()
    said = {
        "payment_id": "pi_1",
        "amount_total": "420.50",
        "currency": "EUR",
        "provider": "stripe",
        "payment_status": "processing",
        "checkout_session_id": "cs_1",
        "payment_method_id": "pm_1",
        "payment_method_types": ["card", "link"],
        "customer_id": "cus_1",
        "customer_email": "ann@example.com",
        "booking_id": 1207,
        "property_id": 33,
        "description": "Three nights",
    }
    made = told(await ann.client.post(PAYMENTS, json=said), 201)
    assert {name: made[name] for name in said} == said
    assert isinstance(made["id"], int)
    assert set(made) == {*said, "id", "user_id", "created_at", "updated_at"}
    for path in (f"{made['id']}", f"{made['id']}/", "payment-gateway/pi_1"):
        assert told(await ann.client.get(PAYMENTS + path)) == made
    assert told(await ann.client.get(PAYMENTS + "booking/1207")) == [made]
    assert told(await ann.client.get(PAYMENTS + "booking/1208")) == []


async def test_what_is_not_said_is_pending_and_empty(sign_up):
    ann = await sign_up()
    made = await recorded(ann, payment_id="pay_1.2")
    assert told(await ann.client.get(PAYMENTS + "payment-gateway/pay_1.2")) == made
    assert (made["payment_status"], made["payment_method_types"], made["description"]) == ("pending", [], None)


AMOUNTS = [
    ("80", "USD", "80.00"),
    ("80.5", "USD", "80.50"),
    (80, "USD", "80.00"),
    (80.1, "USD", "80.10"),
    ("500", "JPY", "500"),
    ("12.345", "KWD", "12.345"),
    ("9999999999999.99", "USD", "9999999999999.99"),
]


async def test_an_amount_is_kept_exactly(sign_up):
    ann = await sign_up()
    for amount, currency, kept in AMOUNTS:
        assert (await recorded(ann, amount_total=amount, currency=currency))["amount_total"] == kept


REFUSED = [
    ({"amount_total": "80.005"}, "invalid_amount"),
    ({"amount_total": "500.5", "currency": "JPY"}, "invalid_amount"),
    ({"amount_total": "-1"}, "invalid_amount"),
    ({"amount_total": "0.00"}, "invalid_amount"),
    ({"amount_total": "1e3"}, "invalid_amount"),
    ({"amount_total": True}, "invalid_type"),
    ({"amount_total": None}, "invalid_type"),
    ({"currency": "EURO"}, "invalid_currency"),
    ({"currency": "eur "}, "invalid_currency"),
    ({"provider": "sandbox"}, "invalid_choice"),
    ({"payment_status": "paid"}, "invalid_choice"),
    ({"payment_id": ""}, "too_short"),
    ({"payment_id": " pi"}, "invalid_format"),
    ({"booking_id": "7"}, "invalid_type"),
    ({"booking_id": True}, "invalid_type"),
    ({"booking_id": 0}, "out_of_range"),
    ({"customer_email": "nobody"}, "invalid_email"),
    ({"id": 7}, "unknown_field"),
    ({"created_at": "2026-01-01T00:00:00Z"}, "unknown_field"),
    ({"description": "4242 4242 4242 4242"}, "card_data_not_allowed"),
]


async def test_what_is_not_acceptable_is_refused_by_name(sign_up):
    ann = await sign_up()
    for change, code in REFUSED:
        problem = await recorded(ann, 422, **change)
        assert problem["code"] == code, change
    assert set(problem) >= {"type", "title", "status", "detail", "code", "request_id", "errors"}


async def test_required_is_what_names_a_payment_and_its_money(sign_up):
    ann = await sign_up()
    for name in ("payment_id", "amount_total", "currency", "provider"):
        body = {key: value for key, value in new().items() if key != name}
        assert told(await ann.client.post(PAYMENTS, json=body), 422)["code"] == "required"


async def test_the_same_payment_or_session_is_not_recorded_twice_by_anybody(sign_up):
    ann, bob = await sign_up(), await sign_up()
    await recorded(ann, payment_id="pi_once", checkout_session_id="cs_once")
    for person in (ann, bob):
        again = await recorded(person, 409, payment_id="pi_once")
        assert (again["code"], again["errors"][0]["pointer"]) == ("payment_id_taken", "/payment_id")
        other = await recorded(person, 409, checkout_session_id="cs_once")
        assert other["code"] == "checkout_session_id_taken"
    assert told(await bob.client.get(PAYMENTS))["total"] == 0


async def test_case_10_the_same_key_records_once(sign_up):
    ann = await sign_up()
    body, key = new(), {"idempotency-key": "k-1"}
    first, second = [await ann.client.post(PAYMENTS, json=body, headers=key) for _ in range(2)]
    assert first.json() == second.json()
    assert second.headers["idempotent-replayed"] == "true"
    other = await ann.client.post(PAYMENTS, json=new(), headers=key)
    assert told(other, 422)["code"] == "idempotency_key_reused"


async def test_anothers_is_403_and_an_unknown_one_404(sign_up):
    ann, bob, admin = await sign_up(), await sign_up(), await sign_up(admin=True)
    made = await recorded(ann, booking_id=9)
    number = made["id"]
    asks = [
        ("GET", f"{number}", None),
        ("GET", f"payment-gateway/{made['payment_id']}", None),
        ("PUT", f"{number}", {"description": "mine"}),
        ("PATCH", f"{number}/status", {"payment_status": "succeeded"}),
        ("DELETE", f"{number}", None),
    ]
    for method, path, body in asks:
        answer = await bob.client.request(method, PAYMENTS + path, json=body)
        assert told(answer, 403)["code"] == "forbidden"
        unknown = path.replace(str(number), "999999").replace(made["payment_id"], "pi_unknown")
        assert told(await bob.client.request(method, PAYMENTS + unknown, json=body), 404)["code"] == "not_found"
    assert told(await bob.client.get(PAYMENTS + "booking/9")) == []
    assert told(await ann.client.get(f"{PAYMENTS}{number}")) == made
    assert told(await admin.client.get(f"{PAYMENTS}{number}")) == made
    assert told(await ann.client.get(PAYMENTS + "99999999999999999999"), 404)["code"] == "not_found"


async def test_descriptions_change_and_what_is_left_out_stays(sign_up):
    ann = await sign_up()
    made = await recorded(ann, description="Two nights", customer_id="cus_1", payment_method_types=["card"])
    changes = {"description": "Three nights", "booking_id": 8, "customer_id": None, "checkout_session_id": "cs_2"}
    changed = told(await ann.client.put(f"{PAYMENTS}{made['id']}", json=changes))
    assert changed == {**made, **changes, "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > made["updated_at"]
    whole = told(await ann.client.put(f"{PAYMENTS}{made['id']}", json=changed))
    assert {**whole, "updated_at": None} == {**changed, "updated_at": None}


FIXED = [
    ("amount_total", "420.01"),
    ("currency", "USD"),
    ("provider", "paypal"),
    ("user_id", 99),
    ("payment_id", "pi_other"),
    ("payment_status", "succeeded"),
    ("id", 1_000_000),
    ("created_at", "2020-01-01T00:00:00Z"),
]


async def test_money_provider_and_owner_are_fixed(sign_up):
    ann = await sign_up()
    made = await recorded(ann)
    for name, value in FIXED:
        refused = told(await ann.client.put(f"{PAYMENTS}{made['id']}", json={name: value}), 409)
        assert (refused["code"], refused["errors"][0]["pointer"]) == ("immutable_field", f"/{name}")
    assert (
        told(await ann.client.put(f"{PAYMENTS}{made['id']}", json={"amount_total": 420.00}))["amount_total"] == "420.00"
    )


async def test_a_session_that_another_record_has_cannot_be_taken_over(sign_up):
    ann = await sign_up()
    await recorded(ann, checkout_session_id="cs_1")
    made = await recorded(ann)
    refused = told(await ann.client.put(f"{PAYMENTS}{made['id']}", json={"checkout_session_id": "cs_1"}), 409)
    assert refused["code"] == "checkout_session_id_taken"


MOVES = {
    "pending": {"processing", "succeeded", "failed", "canceled"},
    "processing": {"succeeded", "failed", "canceled"},
    "succeeded": {"refunded"},
    "failed": set(),
    "canceled": set(),
    "refunded": set(),
}


async def test_a_payment_moves_only_as_the_state_machine_allows(sign_up):
    ann = await sign_up()
    for start, to in itertools.product(MOVES, MOVES):
        made = await recorded(ann, payment_status=start)
        assert made["payment_status"] == start
        if to == start or to in MOVES[start]:
            assert (await move(ann, made, to))["payment_status"] == to
        else:
            refused = await move(ann, made, to, 409)
            assert (refused["code"], refused["from"], refused["to"]) == ("invalid_transition", start, to)


async def test_every_move_is_audited_with_who_made_it_and_posted(sign_up, superuser, house):
    ann = await sign_up()
    made = await recorded(ann)
    for to in ("processing", "succeeded", "refunded"):
        await move(ann, made, to)
    rows = await superuser.fetch(
        "SELECT old_status, new_status, change_reason, changed_by FROM payment_audit a"
        " JOIN payments p ON p.id = a.payment_id WHERE p.no = $1 ORDER BY a.no",
        made["id"],
    )
    moves = [(row["old_status"], row["new_status"]) for row in rows]
    assert moves == [
        (None, "pending"),
        ("pending", "processing"),
        ("processing", "succeeded"),
        ("succeeded", "refunded"),
    ]
    assert [row["change_reason"] for row in rows] == ["recorded", "payer", "payer", "refund"]
    assert [row["changed_by"] for row in rows][:3] == [ann.user_id] * 3
    posted = await superuser.fetch("SELECT kind FROM ledger_transactions ORDER BY posted_at, id")
    assert {row["kind"] for row in posted} == {"payment", "refund"}
    left = await superuser.fetchval(
        "SELECT sum(balance_minor) FROM ledger_balances b JOIN ledger_accounts a"
        " ON a.no = b.account_no WHERE a.code = 'clearing:stripe'"
    )
    assert left == 0
    # The sandbox, which has no part in this, is not served here.
    assert [found for found in await audit(house) if found.check != "provider_can_be_asked"] == []


async def test_pending_and_processing_are_cancelled_and_nothing_else(sign_up):
    ann = await sign_up()
    for start in ("pending", "processing"):
        made = await recorded(ann, payment_status=start)
        gone = told(await ann.client.delete(f"{PAYMENTS}{made['id']}"))
        assert gone["payment_status"] == "canceled"
        assert told(await ann.client.get(f"{PAYMENTS}{made['id']}"))["payment_status"] == "canceled"
        again = told(await ann.client.delete(f"{PAYMENTS}{made['id']}"), 409)
        assert (again["code"], again["from"], again["to"]) == ("invalid_transition", "canceled", "canceled")
    for start in ("succeeded", "failed", "refunded"):
        made = await recorded(ann, payment_status=start)
        assert told(await ann.client.delete(f"{PAYMENTS}{made['id']}"), 409)["from"] == start


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


async def test_without_a_token_it_is_401_as_a_problem(api):
    answer = await api.get(PAYMENTS)
    assert told(answer, 401)["code"] == "not_authenticated"
    assert (await api.get(PAYMENTS + "7")).status_code == 401
    assert (await api.get(PAYMENTS + "payment-gateway/pi_1")).status_code == 401


async def test_the_marketplaces_own_paths_keep_their_envelope(sign_up):
    ann = await sign_up()
    answer = await ann.client.get(PAYMENTS + "history/")
    assert answer.json()["status"] == "success"
    refused = await ann.client.get(PAYMENTS + "create-intent/")
    assert (refused.status_code, refused.json()["status"]) == (405, "error")


async def test_service_info_is_public(api):
    info = await api.get("/", headers={"accept": "application/json"})
    assert {**info.json(), "version": None} | {"service": "moorage", "version": None, "docs": "/docs"} == {
        **info.json(),
        "version": None,
    }
    assert (await api.get("/", headers={"accept": "text/html"})).headers["content-type"].startswith("text/html")
    assert (await api.get("/health")).json().items() >= {"status": "healthy", "service": "moorage"}.items()
