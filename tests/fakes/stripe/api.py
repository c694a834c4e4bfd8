"""The API's operations by method and path, lists with cursors and filters, and expansion."""

import copy
import re
from collections.abc import Callable
from typing import Any, Final

from tests.fakes.stripe import checkout, disputes, intents, invoices, people, refunds, subscriptions
from tests.fakes.stripe.state import Body, State, invalid, number

Operation = Callable[..., Body]

_POST: Final[dict[str, Operation]] = {
    "/v1/payment_intents": intents.create,
    "/v1/payment_intents/{}": intents.update,
    "/v1/payment_intents/{}/confirm": intents.confirm,
    "/v1/payment_intents/{}/capture": intents.capture,
    "/v1/payment_intents/{}/cancel": intents.cancel,
    "/v1/refunds": refunds.create,
    "/v1/disputes/{}": disputes.update,
    "/v1/disputes/{}/close": disputes.close,
    "/v1/checkout/sessions": checkout.create,
    "/v1/checkout/sessions/{}/expire": checkout.expire,
    "/v1/customers": people.customer,
    "/v1/billing_portal/sessions": people.portal,
    "/v1/products": people.product,
    "/v1/products/{}": people.update_product,
    "/v1/prices": people.price,
    "/v1/prices/{}": people.update_price,
    "/v1/invoices": invoices.create,
    "/v1/invoiceitems": invoices.add_item,
    "/v1/invoices/{}/finalize": invoices.finalize,
    "/v1/invoices/{}/void": invoices.void,
    "/v1/subscriptions/{}": subscriptions.update,
    "/v1/accounts": people.account,
    "/v1/account_links": people.account_link,
    "/v1/transfers": people.transfer,
    "/v1/transfers/{}/reversals": people.reverse,
}
_DELETE: Final[dict[str, Operation]] = {"/v1/subscriptions/{}": subscriptions.end}
_KINDS: Final = {
    "/v1/payment_intents": "payment_intent",
    "/v1/charges": "charge",
    "/v1/refunds": "refund",
    "/v1/balance_transactions": "balance_transaction",
    "/v1/disputes": "dispute",
    "/v1/checkout/sessions": "checkout.session",
    "/v1/customers": "customer",
    "/v1/products": "product",
    "/v1/prices": "price",
    "/v1/invoices": "invoice",
    "/v1/subscriptions": "subscription",
    "/v1/accounts": "account",
    "/v1/transfers": "transfer",
}
_PAGING: Final = {"limit", "starting_after", "ending_before", "created", "expand", "type", "types", "delivery_success"}
_SEARCHED: Final = re.compile(r"metadata\['(\w+)'\]:'([^']*)'")


def answer(state: State, method: str, path: str, form: Body) -> Body:
    """What one request does and answers. Raises RefusalError."""
    if method == "GET":
        found = _read(state, path, form)
    else:
        operation, ids = _operation(path, _DELETE if method == "DELETE" else _POST)
        found = operation(state, form, *ids)
    told = copy.deepcopy(found)
    for wanted in form.get("expand") or ():
        _expand(state, told, str(wanted).split("."))
    return told


def _operation(path: str, known: dict[str, Operation]) -> tuple[Operation, list[str]]:
    for template, operation in known.items():
        found = re.fullmatch(template.replace("{}", "([^/]+)"), path)
        if found is not None:
            return operation, list(found.groups())
    raise invalid(f"Unrecognized request URL ({path}).", None, None, 404)


def _read(state: State, path: str, query: Body) -> Body:
    if path == "/v1/account":
        return people.own_account(state)
    if path in _LISTED:
        return _page(path, _LISTED[path](state, query), query)
    if path == "/v1/payment_intents/search":
        return _search(state, path, query)
    if path in _KINDS:
        bodies = list(state.of(_KINDS[path]))
        for name in set(query) - _PAGING:
            bodies = [body for body in bodies if _as_text(body.get(name)) == query[name]]
        return _page(path, bodies, query)
    parent, _, id_ = path.rpartition("/")
    if parent in _KINDS:
        return state.get(_KINDS[parent], id_)
    if parent == "/v1/events":
        for event in state.events:
            if event["id"] == id_:
                return event
    raise invalid(f"Unrecognized request URL (GET: {path}).", "resource_missing", None, 404)


def _page(path: str, bodies: list[Body], query: Body) -> Body:
    bodies = [body for body in bodies if _created(body, query.get("created"))]
    ids = [body["id"] for body in bodies]
    limit = number(query, "limit", 10)
    if not 1 <= limit <= 100:
        raise invalid("This value must be between 1 and 100.", "parameter_invalid_integer", "limit")
    first = ids.index(query["starting_after"]) + 1 if query.get("starting_after") in ids else 0
    return {
        "object": "list",
        "data": bodies[first : first + limit],
        "has_more": len(bodies) > first + limit,
        "url": path,
    }


def _search(state: State, path: str, query: Body) -> Body:
    """Search sees only what is older than a minute: it lags, as Stripe says it may."""
    terms = _SEARCHED.findall(str(query.get("query")))
    if not terms:
        raise invalid("We were unable to parse your search query.", None, "query")
    found = [
        body
        for body in state.of("payment_intent")
        if body["created"] <= state.now() - 60 and all(body["metadata"].get(name) == value for name, value in terms)
    ]
    return {"object": "search_result", "data": found, "has_more": False, "url": path, "next_page": None}


def _of_types(events: list[Body], query: Body) -> list[Body]:
    types = query.get("types") or ([query["type"]] if query.get("type") else None)
    return events if types is None else [event for event in events if event["type"] in types]


_LISTED: Final[dict[str, Callable[[State, Body], list[Body]]]] = {
    "/v1/events": lambda state, query: _of_types(state.events[::-1], query),
    "/v1/invoice_payments": invoices.payments_of,
}


def _created(body: Body, wanted: Any) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return bool(body["created"] == int(wanted))
    at, compared = body["created"], {name: int(value) for name, value in wanted.items()}
    return (
        at >= compared.get("gte", at)
        and at <= compared.get("lte", at)
        and at > compared.get("gt", at - 1)
        and at < compared.get("lt", at + 1)
    )


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _expand(state: State, body: Any, steps: list[str]) -> None:
    """Write out what `steps` name, where it is an id; lists are gone through."""
    if isinstance(body, list):
        for one in body:
            _expand(state, one, steps)
        return
    if not steps or not isinstance(body, dict):
        return
    here = body.get(steps[0])
    if isinstance(here, str) and here in state.objects:
        body[steps[0]] = here = copy.deepcopy(state.objects[here])
    _expand(state, here, steps[1:])
