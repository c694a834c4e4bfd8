"""Codes that no story of another test comes across: each is provoked once. And none is left without a test."""

import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from moorage.domains.availability.errors import TimeTakenError
from moorage.domains.availability.operations import block_time
from moorage.journeys import collect_payment
from moorage.kernel.db import Actor
from moorage.kernel.errors import MoorageError
from moorage.kernel.ids import uuid7
from moorage.web.problems import FIELD_CODES
from moorage.wiring.error_list import PAGE
from tests.support.bookings import Practice, start_at

TESTS = Path(__file__).resolve().parents[1]


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"]["code"]


def test_every_code_is_provoked_by_some_test():
    texts = "\n".join(path.read_text() for path in TESTS.rglob("*.py"))
    codes = set(re.findall(r"^\| `([a-z_]+)`", PAGE.read_text(), re.MULTILINE))
    named = {
        code: [code, *([MoorageError.by_code[code].__name__] if code in MoorageError.by_code else [])] for code in codes
    }
    untested = [code for code, names in named.items() if not any(re.search(rf"\b{name}\b", texts) for name in names)]
    assert untested == []
    assert set(FIELD_CODES) - {"internal_error", "method_not_allowed"} <= codes


async def test_an_address_with_a_nul_is_no_request(api):
    assert code(await api.get("/api/v1/services/?search=%00")) == (400, "malformed_request")


async def test_another_method_is_405(api):
    answer = await api.delete("/api/v1/auth/user/")
    assert code(answer) == (405, "method_not_allowed")


async def test_a_method_of_payment_is_a_name(practice: Practice):
    body = {"payment_id": str(uuid7()), "payment_method": "a card"}
    answer = await practice.client.client.post("/api/v1/payments/confirm/", json=body)
    assert code(answer) == (422, "invalid_format")


@pytest.mark.parametrize("rate", ["100.5", "5.123", "-1"])
async def test_a_commission_is_a_percentage(practice: Practice, rate):
    admin = await practice.sign_up(role="admin")
    url = f"/api/v1/practitioners/{practice.practitioner.id}/"
    assert code(await admin.client.put(url, json={"commission_rate": rate})) == (422, "invalid_percent")


async def test_a_service_that_was_withdrawn_cannot_be_booked(practice: Practice):
    await practice.superuser.execute("UPDATE services SET is_active = false WHERE id = $1", practice.service)
    refused = await practice.book(start_at(10), status=409)
    assert refused["code"] == "service_unavailable"


async def test_an_option_that_a_service_does_not_have_is_unknown(practice: Practice):
    refused = await practice.book(start_at(10), participants=[{"name": "Ada", "option": "Child"}], status=422)
    assert refused["code"] == "unknown_option"


async def test_a_provider_that_is_set_up_no_more_takes_no_method(practice: Practice):
    held = await practice.book(start_at(10))
    await practice.superuser.execute(
        "UPDATE payments SET provider = 'elsewhere' WHERE id = $1", UUID(held["payment"]["id"])
    )
    assert await _confirmed(practice, held) == (422, "method_not_supported")


async def test_a_payment_whose_provider_is_being_asked_is_busy(practice: Practice, monkeypatch):
    monkeypatch.setattr(collect_payment, "_PATIENCE_S", 0.1)
    held = await practice.book(start_at(10))
    await practice.superuser.execute(
        "UPDATE provider_operations SET status = 'called', called_at = now(), next_at = now() + interval '1 minute'"
        " WHERE payment_id = $1",
        UUID(held["payment"]["id"]),
    )
    assert await _confirmed(practice, held) == (409, "payment_busy")


async def test_a_time_that_is_booked_cannot_be_blocked(practice: Practice):
    booking = await practice.book(start_at(10))
    row = await practice.superuser.fetchrow(
        "SELECT starts_at, ends_at FROM bookings WHERE id = $1", UUID(booking["id"])
    )
    with pytest.raises(TimeTakenError):
        async with practice.house.database.transaction(Actor(practice.host.user_id)) as db:
            await block_time(
                db, uuid7(), practice.practitioner.id, row["starts_at"], row["ends_at"] + timedelta(minutes=5)
            )


async def _confirmed(practice: Practice, held) -> tuple[int, str]:
    body = {"payment_id": held["payment"]["id"], "payment_method": "pm_card_visa"}
    return code(await practice.client.client.post("/api/v1/payments/confirm/", json=body))
