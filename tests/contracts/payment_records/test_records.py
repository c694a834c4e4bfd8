"""Payment records over HTTP: recorded, and found by each of their ids."""

from tests.support.records import PAYMENTS, new, recorded, told


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


async def test_an_id_may_have_as_many_characters_as_stripes(sign_up):
    ann = await sign_up()
    names = {"payment_id": "p" * 255, "checkout_session_id": "c" * 255}
    made = await recorded(ann, **names)
    assert made.items() >= names.items()
    assert told(await ann.client.get(f"{PAYMENTS}payment-gateway/{names['payment_id']}")) == made
    assert (await recorded(ann, 422, payment_id="p" * 256))["code"] == "too_long"


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
