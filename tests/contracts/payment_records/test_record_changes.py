"""Payment records over HTTP: described, moved on, cancelled."""

import itertools

from moorage.journeys.audit_books import audit
from tests.support.records import PAYMENTS, move, recorded, told


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
