"""The fakes' common ground: forms, published schemas, faults on the line, webhooks on their way."""

import json

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse

from tests.fakes.forms import parse_form
from tests.fakes.schemas import (
    SchemaBreakError,
    load,
    needs_specs,
    validate_answer,
    validate_object,
    validate_request,
)
from tests.fakes.serving import Deliveries, Served, serving


@pytest.fixture
def acted():
    return []


@pytest.fixture
def served(acted):
    async def app(scope, receive, send):
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        acted.append(await request.body())
        await JSONResponse({"seen": len(acted)})(scope, receive, send)

    return Served(app, "stripe")


@pytest.fixture
async def line(served):
    async with (
        serving(served) as base_url,
        httpx.AsyncClient(base_url=base_url, timeout=httpx.Timeout(30, read=0.2), trust_env=False) as client,
    ):
        yield client


def test_brackets_become_objects_and_numbers_become_lists():
    assert parse_form("a=1&m[x]=2&lines[0][name]=b&lines[1][name]=c&tags[]=d&e[k][]=f") == {
        "a": "1",
        "m": {"x": "2"},
        "lines": [{"name": "b"}, {"name": "c"}],
        "tags": ["d"],
        "e": {"k": ["f"]},
    }


@pytest.mark.parametrize(("kind", "acts"), [("lost_after", 1), ("lost_before", 0), ("timeout_after", 1)])
async def test_an_answer_that_is_lost_is_an_error_for_the_caller_alone(served, line, acted, kind, acts):
    served.fault(kind)
    with pytest.raises(httpx.HTTPError):
        await line.post("/v1/thing", content=b"x")
    assert len(acted) == acts
    assert (await line.post("/v1/thing", content=b"x")).json() == {"seen": acts + 1}


@pytest.mark.parametrize("fault", [("500_before", 500, 0), ("500_after", 500, 1), ("429", 429, 0)])
async def test_a_fault_strikes_where_it_was_told_to(served, line, acted, fault):
    kind, status, acts = fault
    served.fault(kind, path="/v1/there")
    assert (await line.post("/v1/here")).status_code == 200
    assert (await line.post("/v1/there")).status_code == status
    assert len(acted) == acts + 1
    assert served.calls("POST", "/v1/there") == 1


async def test_webhooks_that_are_refused_are_sent_again():
    got, answers = [], [500, 200, 200]

    async def endpoint(scope, receive, send):
        if scope["type"] == "http":
            got.append(await Request(scope, receive).body())
            await JSONResponse({}, status_code=answers.pop(0))(scope, receive, send)

    async with serving(endpoint) as url:
        deliveries = Deliveries(lambda body: {"X-Length": str(len(body))}, url)
        deliveries.put({"id": "one"})
        assert await deliveries.deliver() == 0
        assert await deliveries.deliver(copies=2) == 2
    assert [json.loads(body) for body in got] == [{"id": "one"}] * 3


@needs_specs("stripe")
def test_what_a_provider_publishes_as_an_example_keeps_to_what_it_publishes_as_a_schema():
    fixtures = load("stripe", "fixtures3-2026-08-21.json")["resources"]
    for name in ("payment_intent", "charge", "refund", "dispute", "transfer", "payout", "checkout.session", "event"):
        validate_object("stripe", name, fixtures[name])
    broken = {**fixtures["payment_intent"], "amount": "1.00"}
    with pytest.raises(SchemaBreakError, match="/amount"):
        validate_object("stripe", "payment_intent", broken)
    with pytest.raises(SchemaBreakError, match="/status"):
        validate_answer("stripe", "POST", "/v1/payment_intents", 200, {**fixtures["payment_intent"], "status": "paid"})


@needs_specs("stripe")
def test_a_form_is_read_as_the_types_of_its_operation():
    form = parse_form("amount=500&currency=jpy&metadata[a]=1&automatic_payment_methods[enabled]=true")
    validate_request("stripe", "POST", "/v1/payment_intents", form)
    with pytest.raises(SchemaBreakError, match="amount"):
        validate_request("stripe", "POST", "/v1/payment_intents", {**form, "amount": "5.00"})
    with pytest.raises(SchemaBreakError, match="colour"):
        validate_request("stripe", "POST", "/v1/payment_intents", {**form, "colour": "red"})
    with pytest.raises(SchemaBreakError, match="has no POST"):
        validate_request("stripe", "POST", "/v1/payment_wishes", form)
    validate_request("stripe", "GET", "/v1/events", None, parse_form("limit=100&created[gte]=1&types[0]=a"))


@needs_specs("square")
@needs_specs("paypal")
def test_every_providers_documents_are_understood():
    validate_request("square", "GET", "/v2/payments/x", None)
    validate_request(
        "paypal",
        "POST",
        "/v2/checkout/orders",
        {"intent": "CAPTURE", "purchase_units": [{"amount": {"currency_code": "USD", "value": "10.00"}}]},
    )
    with pytest.raises(SchemaBreakError):
        validate_request("paypal", "POST", "/v2/checkout/orders", {"intent": "CAPTURE"})
