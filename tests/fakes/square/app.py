"""Square's HTTP API over the books, and the page of a payment link."""

import json
from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.fakes.square.books import Books
from tests.fakes.square.errors import SquareRefusedError, bad, missing
from tests.fakes.square.evidence import accept, hand_in, keep_text

Body = dict[str, Any]
CARDS = {
    "4111111111111111": "cnon:card-nonce-ok",
    "4242424242424242": "cnon:card-nonce-ok",  # everybody else's good card, so that one example pays anywhere
    "4000000000000002": "cnon:card-nonce-declined",
}
"""What a payer may type on the page, and what it is to Square."""


def build_app(books: Books, token: str) -> Starlette:
    """The API for whoever has `token`; the page of a link for anybody."""

    def api(act: Callable[[Request, Body], Body]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            try:
                _authorize(request, token)
                body = await request.body()
                return JSONResponse(act(request, json.loads(body) if body else {}))
            except SquareRefusedError as refusal:
                return JSONResponse(refusal.body(), status_code=refusal.status)

        return endpoint

    def route(path: str, method: str, act: Callable[[Request, Body], Body]) -> Route:
        return Route(path, api(act), methods=[method])

    def link_base(request: Request) -> str:
        return f"{request.url.scheme}://{request.url.netloc}"

    return Starlette(
        routes=[
            route("/v2/locations/{id}", "GET", lambda request, _: _location(books, request.path_params["id"])),
            route("/v2/orders", "POST", lambda _, body: books.keys.once("order", body, books.create_order, 192)),
            route("/v2/orders/search", "POST", lambda _, body: _search_orders(books, body)),
            route("/v2/orders/{id}", "GET", lambda request, _: {"order": _of(books.orders, request)}),
            route(
                "/v2/orders/{id}",
                "PUT",
                lambda request, body: books.keys.once(
                    request.url.path, body, lambda asked: books.update_order(request.path_params["id"], asked), 192
                ),
            ),
            route("/v2/payments", "POST", lambda _, body: books.keys.once("payment", body, books.create_payment)),
            route("/v2/payments", "GET", lambda request, _: _listed(books.payments, "payments", request)),
            route("/v2/payments/cancel", "POST", lambda _, body: books.cancel_by_key(body)),
            route("/v2/payments/{id}", "GET", lambda request, _: {"payment": _of(books.payments, request)}),
            route(
                "/v2/payments/{id}",
                "PUT",
                lambda request, body: books.keys.once(
                    request.url.path, body, lambda asked: books.update_payment(request.path_params["id"], asked)
                ),
            ),
            route(
                "/v2/payments/{id}/complete",
                "POST",
                lambda request, _: books.complete_payment(request.path_params["id"]),
            ),
            route(
                "/v2/payments/{id}/cancel", "POST", lambda request, _: books.cancel_payment(request.path_params["id"])
            ),
            route("/v2/refunds", "POST", lambda _, body: books.keys.once("refund", body, books.refund)),
            route("/v2/refunds", "GET", lambda request, _: _listed(books.refunds, "refunds", request)),
            route("/v2/refunds/{id}", "GET", lambda request, _: {"refund": _of(books.refunds, request)}),
            route("/v2/disputes", "GET", lambda request, _: _listed(books.disputes, "disputes", request)),
            route("/v2/disputes/{id}", "GET", lambda request, _: {"dispute": _of(books.disputes, request)}),
            route(
                "/v2/disputes/{id}/evidence-text",
                "POST",
                lambda request, body: books.keys.once(
                    request.url.path, body, lambda asked: keep_text(books, request.path_params["id"], asked)
                ),
            ),
            route(
                "/v2/disputes/{id}/submit-evidence",
                "POST",
                lambda request, _: hand_in(books, request.path_params["id"]),
            ),
            route("/v2/disputes/{id}/accept", "POST", lambda request, _: accept(books, request.path_params["id"])),
            route("/v2/events", "POST", lambda _, body: _search_events(books, body)),
            route(
                "/v2/online-checkout/payment-links",
                "POST",
                lambda request, body: books.keys.once(
                    "link", body, lambda asked: books.create_link(asked, link_base(request)), 192
                ),
            ),
            route(
                "/v2/online-checkout/payment-links",
                "GET",
                lambda request, _: _listed(books.links, "payment_links", request),
            ),
            route(
                "/v2/online-checkout/payment-links/{id}",
                "DELETE",
                lambda request, _: books.delete_link(request.path_params["id"]),
            ),
            Route("/pay/{id}", partial(_page, books), methods=["GET", "POST"]),
        ]
    )


def _authorize(request: Request, token: str) -> None:
    if request.headers.get("authorization") != f"Bearer {token}":
        raise SquareRefusedError(401, "AUTHENTICATION_ERROR", "UNAUTHORIZED", "This request could not be authorized.")


def _location(books: Books, location_id: str) -> Body:
    if location_id != books.location_id:
        raise missing("location")
    told = {"id": books.location_id, "name": "Main", "status": "ACTIVE", "merchant_id": books.merchant_id}
    return {"location": {**told, "currency": books.currency, "country": "GB"}}


def _of(things: dict[str, Body], request: Request) -> Body:
    if request.path_params["id"] not in things:
        raise missing("what was asked for")
    return things[request.path_params["id"]]


def _listed(things: dict[str, Body], name: str, request: Request) -> Body:
    query = request.query_params
    found = [
        one
        for one in things.values()
        if one["created_at"] >= _utc(query.get("begin_time"))
        and one.get("updated_at", "") >= _utc(query.get("updated_at_begin_time"))
        and query.get("location_id") in (None, one.get("location_id"))
        and query.get("total") in (None, str(one.get("total_money", {}).get("amount")))
    ]
    found.sort(key=lambda one: one["created_at"], reverse=query.get("sort_order", "DESC") == "DESC")
    return _page_of(found, name, int(query.get("limit", 100)), query.get("cursor"))


def _search_orders(books: Books, asked: Body) -> Body:
    if asked["location_ids"] != [books.location_id]:
        raise bad("INVALID_LOCATION", "The location is not this merchant's")
    wanted = asked["query"]["filter"]
    start = _utc(wanted["date_time_filter"]["created_at"]["start_at"])
    states = wanted.get("state_filter", {}).get("states", ["OPEN", "COMPLETED", "CANCELED"])
    found = [one for one in books.orders.values() if one["created_at"] >= start and one["state"] in states]
    found.sort(key=lambda one: one["created_at"], reverse=asked["query"]["sort"].get("sort_order") != "ASC")
    return _page_of(found, "orders", asked.get("limit", 500), asked.get("cursor"))


def _search_events(books: Books, asked: Body) -> Body:
    if not books.logs_events:
        raise SquareRefusedError(403, "AUTHENTICATION_ERROR", "FORBIDDEN", "Event logging is not enabled")
    wanted = asked["query"]["filter"]
    start = _utc(wanted["created_at"]["start_at"])
    found = [one for one in books.events if one["created_at"] >= start and one["type"] in wanted["event_types"]]
    return _page_of(found, "events", asked.get("limit", 100), asked.get("cursor"))


def _page_of(found: list[Body], name: str, limit: int, cursor: str | None) -> Body:
    at = int(cursor or 0)
    page = found[at : at + limit]
    more = {"cursor": str(at + limit)} if at + limit < len(found) else {}
    return {**({name: page} if page else {}), **more}


def _utc(text: str | None) -> str:
    """A beginning as the books write times, so that texts compare as times do."""
    return (text or "").replace("+00:00", "Z")


async def _page(books: Books, request: Request) -> Response:
    link = books.links.get(request.path_params["id"])
    if link is None:
        return HTMLResponse("<p>This link is not active.</p>", status_code=404)
    order = books.orders[link["order_id"]]
    said = ""
    if request.method == "POST":
        number = str((await request.form()).get("number", "")).replace(" ", "")
        asked = {"source_id": CARDS.get(number, "cnon:card-nonce-declined"), "amount_money": order["total_money"]}
        try:
            # A link's payment knows its order, and nothing of the order's reference.
            books.create_payment({**asked, "order_id": order["id"]})
        except SquareRefusedError as refusal:
            said = f'<p role="alert">{escape(refusal.code)}</p>'
        else:
            return RedirectResponse(link["checkout_options"].get("redirect_url", "/"), status_code=303)
    total = f"{order['total_money']['amount']} {order['total_money']['currency']} (smallest units)"
    lines = "".join(f"<li>{escape(line['name'])}</li>" for line in order["line_items"])
    card = '<label>Card <input name="number" autocomplete="cc-number"></label>'
    form = f'<form method="post">{card}<button>Pay</button></form>'
    return HTMLResponse(f"<h1>Pay {total}</h1><ul>{lines}</ul>{said}{form}")
