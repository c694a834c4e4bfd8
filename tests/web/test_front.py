"""What every answer has in common, whatever was asked."""

import httpx
import pytest


async def test_every_answer_carries_a_request_id(api):
    answer = await api.get("/api/v1/nowhere/")
    assert answer.headers["request-id"].startswith("req_")
    assert answer.json()["errors"]["request_id"] == answer.headers["request-id"]


async def test_the_callers_own_request_id_is_kept_when_it_is_plain(api):
    kept = await api.get("/nowhere", headers={"Request-Id": "abcdef-123456"})
    replaced = await api.get("/nowhere", headers={"Request-Id": "<script>alert(1)</script>"})
    assert kept.headers["request-id"] == "abcdef-123456"
    assert replaced.headers["request-id"].startswith("req_")


async def test_an_unknown_address_is_404_in_the_shape_of_its_contract(api):
    inside = await api.get("/api/v1/nowhere/")
    outside = await api.get("/nowhere")
    assert (inside.status_code, inside.json()["errors"]["code"]) == (404, "not_found")
    assert inside.json()["status"] == "error"
    assert (outside.status_code, outside.json()["code"]) == (404, "not_found")
    assert outside.headers["content-type"] == "application/problem+json"


async def test_a_nul_in_the_address_is_refused(api):
    for address in ("/api/v1/practitioners/?search=%00", "/api/v1/%00/"):
        assert (await api.get(address)).status_code == 400


async def test_a_declared_body_over_the_limit_is_refused_before_it_is_read(api, live_server):
    async with httpx.AsyncClient(base_url=live_server) as client:
        answer = await client.post("/api/v1/auth/login/", content=b"x" * 2_000_000)
    assert answer.status_code == 413
    assert answer.json()["errors"]["code"] == "body_too_large"
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("path", ["/health", "/services/", "/api/v1/services/", "/docs", "/users/"])
async def test_a_head_is_answered_as_the_get_but_for_its_content(live_server, path):
    async with httpx.AsyncClient(base_url=live_server) as client:
        whole, head = await client.get(path), await client.head(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    for name in ("content-type", "content-length"):
        assert head.headers[name] == whole.headers[name]
