"""The error table of reliability.md for what every operation shares: bodies, content types, tokens, pages of lists.

Rows on amounts, times, bookings, payments and webhooks stand with those operations; on keys in tests/web.
"""

import asyncio

import httpx
import pytest

LOGIN = "/api/v1/auth/login/"
JSON = {"content-type": "application/json"}
GOOD = b'{"email": "a@example.com", "password": "x"}'


def code(answer):
    assert answer.json()["status"] == "error"
    return answer.status_code, answer.json()["errors"]["code"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"email": NaN, "password": "x"}', (400, "malformed_json")),
        (b'{"email": "a@example.com"', (400, "malformed_json")),
        (b'{"email": "a@example.com", "email": "b@example.com", "password": "x"}', (400, "duplicate_key")),
        (b'{"email": ' + b"[" * 100_000, (400, "malformed_json")),
        (b'{"email": "\xff", "password": "x"}', (400, "malformed_json")),
        (b"", (422, "required")),
        (b"[]", (422, "invalid_type")),
        (b'"text"', (422, "invalid_type")),
        (b"null", (422, "invalid_type")),
        (b'{"email": true, "password": "x"}', (422, "invalid_type")),
        (b'{"email": "a\\u0000@example.com", "password": "x"}', (422, "invalid_text")),
        (b'{"email": "a", "password": "x", "role": "admin"}', (422, "unknown_field")),
        (b'{"email": "4242 4242 4242 4242", "password": "x"}', (422, "card_data_not_allowed")),
    ],
    ids=lambda value: value[:40].decode("latin-1") if isinstance(value, bytes) else None,
)
async def test_a_body_that_is_broken_or_not_right(api, raw, expected):
    assert code(await api.post(LOGIN, content=raw, headers=JSON)) == expected


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"]
)
async def test_the_wrong_content_type_is_415(api, content_type):
    headers = {"content-type": content_type} if content_type else {}
    assert code(await api.post(LOGIN, content=GOOD, headers=headers)) == (415, "unsupported_media_type")


async def test_json_in_utf_8_may_say_so(api):
    headers = {"content-type": "application/json; charset=UTF-8"}
    assert code(await api.post(LOGIN, content=GOOD, headers=headers)) == (401, "invalid_credentials")


async def test_a_20_mb_body_is_413_without_being_read(live_server):
    async def body():
        for _ in range(320):
            yield b" " * 65_536

    async with httpx.AsyncClient(base_url=live_server, timeout=20) as client:
        declared = await client.post(LOGIN, content=b" " * 20_000_000, headers=JSON)
        undeclared = await client.post(LOGIN, content=body(), headers=JSON)
    assert code(declared) == code(undeclared) == (413, "body_too_large")


async def test_the_answer_to_a_large_body_does_not_wait_for_it(live_server):
    host, _, port = live_server.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST {LOGIN} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: 20000000\r\n"
    writer.write(head.encode() + b"\r\n{")
    status = await asyncio.wait_for(reader.readline(), 3)
    writer.close()
    assert b" 413 " in status


@pytest.mark.parametrize("query", ["page_size=0", "page_size=100001", "page=0", "page=-1", "page_size=-5"])
async def test_a_page_out_of_bounds_is_422_invalid_limit(api, query):
    assert code(await api.get(f"/api/v1/services/?{query}")) == (422, "invalid_limit")


async def test_a_page_that_is_no_number_is_422(api):
    assert code(await api.get("/api/v1/services/?page=one")) == (422, "invalid_type")


async def test_an_unknown_ordering_is_422(api):
    assert code(await api.get("/api/v1/services/?ordering=password_hash")) == (422, "invalid_ordering")


async def test_an_address_that_is_no_uuid_is_404(api):
    assert code(await api.get("/api/v1/services/not-a-uuid/")) == (404, "not_found")


async def test_a_method_that_is_not_taken_is_405(api):
    answer = await api.delete(LOGIN)
    assert code(answer) == (405, "method_not_allowed")


async def test_a_field_at_fault_is_named_by_a_pointer(api):
    answer = await api.post(LOGIN, json={"email": 5})
    fields = answer.json()["errors"]["fields"]
    assert [(field["pointer"], field["code"]) for field in fields] == [
        ("/email", "invalid_type"),
        ("/password", "required"),
    ]
