"""Razorpay's HTTP API over the books, and a page in Checkout's place."""

import base64
import json
from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.fakes.razorpay.books import Books, found
from tests.fakes.razorpay.links import cancel_link, create_link, list_links, order_behind, pay_link
from tests.fakes.razorpay.shapes import RazorpayRefusedError

Body = dict[str, Any]
Act = Callable[[Request, Body], Body]


def build_app(books: Books, key_id: str, key_secret: str) -> Starlette:
    """The API for whoever has the key; the page for anybody."""
    allowed = "Basic " + base64.b64encode(f"{key_id}:{key_secret}".encode()).decode()

    def route(path: str, method: str, act: Act) -> Route:
        async def endpoint(request: Request) -> Response:
            if request.headers.get("authorization") != allowed:
                return JSONResponse(RazorpayRefusedError("Authentication failed").body, status_code=401)
            body = await request.body()
            try:
                return JSONResponse(act(request, json.loads(body) if body else {}))
            except RazorpayRefusedError as refusal:
                return JSONResponse(refusal.body, status_code=refusal.status)

        return Route(f"/v1{path}", endpoint, methods=[method])

    def one(things: dict[str, Body]) -> Act:
        return lambda request, _: found(things, request.path_params["id"])

    def every(things: dict[str, Body]) -> Act:
        return lambda request, _: _listed(list(things.values()), request)

    def within(things: dict[str, Body], name: str) -> Act:
        return lambda request, _: _listed(
            [thing for thing in things.values() if thing[name] == request.path_params["id"]], request
        )

    def refund(request: Request, asked: Body) -> Body:
        return books.refund(request.path_params["id"], asked, request.headers.get("x-refund-idempotency"))

    def base_of(request: Request) -> str:
        return f"{request.url.scheme}://{request.url.netloc}"

    return Starlette(
        routes=[
            route("/orders", "POST", lambda _, asked: books.create_order(asked)),
            route("/orders", "GET", every(books.orders)),
            route("/orders/{id}", "GET", one(books.orders)),
            route("/orders/{id}/payments", "GET", within(books.payments, "order_id")),
            route("/payments", "GET", every(books.payments)),
            route("/payments/{id}", "GET", one(books.payments)),
            route(
                "/payments/{id}/capture",
                "POST",
                lambda request, asked: books.capture(request.path_params["id"], asked),
            ),
            route("/payments/{id}/refund", "POST", refund),
            route("/payments/{id}/refunds", "GET", within(books.refunds, "payment_id")),
            route("/refunds", "GET", every(books.refunds)),
            route("/refunds/{id}", "GET", one(books.refunds)),
            route("/payment_links", "POST", lambda request, asked: create_link(books, asked, base_of(request))),
            route("/payment_links", "GET", lambda request, _: list_links(books, request.query_params["reference_id"])),
            route("/payment_links/{id}", "GET", one(books.links)),
            route(
                "/payment_links/{id}/cancel",
                "POST",
                lambda request, _: cancel_link(books, request.path_params["id"]),
            ),
            route("/disputes", "GET", every(books.disputes)),
            route("/disputes/{id}", "GET", one(books.disputes)),
            Route("/checkout/{id}", partial(_checkout, books), methods=["GET", "POST"]),
        ]
    )


def _listed(things: list[Body], request: Request) -> Body:
    """The newest first, a hundred at most."""
    query = request.query_params
    first, last = int(query.get("from", 0)), int(query.get("to", 2**40))
    matching = [
        one
        for one in reversed(things)
        if first <= one["created_at"] <= last and query.get("receipt") in (None, one.get("receipt"))
    ]
    count, skip = min(int(query.get("count", 10)), 100), int(query.get("skip", 0))
    items = matching[skip : skip + count]
    return {"entity": "collection", "count": len(items), "items": items}


async def _checkout(books: Books, request: Request) -> Response:
    """The page of a payment link; and, for an order, what Checkout opens over the merchant's own page."""
    page_id = request.path_params["id"]
    is_link, said = page_id.startswith("plink_"), ""
    try:
        order = order_behind(books, page_id) if is_link else found(books.orders, page_id)
    except RazorpayRefusedError as refusal:
        return HTMLResponse(f"<p>{escape(str(refusal))}</p>", status_code=404)
    if request.method == "POST":
        vpa = str((await request.form()).get("vpa", ""))
        try:
            told = pay_link(books, page_id, vpa) if is_link else books.pay(order["id"], vpa)
        except RazorpayRefusedError as refusal:
            told = refusal.body
        if "error" not in told and is_link:
            return RedirectResponse(books.links[page_id]["callback_url"] or "/", status_code=303)
        if "error" not in told:
            named = f"{told['razorpay_payment_id']}:{told['razorpay_signature']}"
            return HTMLResponse(f"<p>Paid. Checkout hands over:</p><code>{escape(named)}</code>")
        said = '<p role="alert">Your payment did not go through.</p>'
    total = f"{order['amount']} {order['currency']} (smallest units)"
    field = '<label>UPI address <input name="vpa" value="success@razorpay"></label>'
    return HTMLResponse(f'<h1>Pay {total}</h1>{said}<form method="post">{field}<button>Pay</button></form>')
