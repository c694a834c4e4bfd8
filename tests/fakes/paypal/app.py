"""The fake's HTTP side: who may ask, then PayPal's paths."""

import base64
import json
import secrets
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.fakes.paypal import disputes, orders, page, payments, reports
from tests.fakes.paypal.books import Body, Books, found
from tests.fakes.paypal.keys import Signer
from tests.fakes.paypal.refusals import Refusal

Answer = tuple[int, Body]


@dataclass
class Door:
    """Who may ask. `token_lifetime_s` is told with each token; `withdraw()` makes those given out worthless."""

    client_id: str
    client_secret: str
    webhook_id: str
    webhook_url: str | None = None
    token_lifetime_s: int = 32_400
    tokens: dict[str, float] = field(default_factory=dict)

    def withdraw(self) -> None:
        self.tokens.clear()

    def give(self, authorization: str) -> Answer:
        wanted = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if authorization != f"Basic {wanted}":
            return 401, {"error": "invalid_client", "error_description": "Client Authentication failed"}
        token = f"A21{secrets.token_urlsafe(40)}"
        self.tokens[token] = time.monotonic() + self.token_lifetime_s
        told = {"access_token": token, "token_type": "Bearer", "app_id": "APP-80W284485P519543T"}
        return 200, told | {"scope": "https://uri.paypal.com/services/payments", "expires_in": self.token_lifetime_s}

    def check(self, authorization: str) -> None:
        if self.tokens.get(authorization.removeprefix("Bearer "), 0.0) < time.monotonic():
            raise Refusal(401)


def build_app(books: Books, door: Door, signer: Callable[[], Signer]) -> Starlette:
    """The application. `signer()` is whose certificate is served and believed."""

    def guarded(act: Callable[[Request, Any], Answer]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                door.check(request.headers.get("authorization", ""))
                status, body = act(request, await _sent(request))
            except Refusal as refused:
                status, body = refused.status, refused.body()
            return Response(status_code=status) if status == 204 else JSONResponse(body, status)

        return endpoint

    def post(path: str, act: Callable[[Request, Any], Answer]) -> Route:
        return Route(path, guarded(act), methods=["POST"])

    def get(path: str, act: Callable[[Request], Body]) -> Route:
        return Route(path, guarded(lambda request, _: (200, act(request))), methods=["GET"])

    order, paid = "/v2/checkout/orders", "/v2/payments"
    return Starlette(
        routes=[
            *_open_routes(books, door, signer),
            post(order, lambda request, sent: orders.create(books, sent, _key(request))),
            get(f"{order}/{{id}}", lambda request: orders.shown(books, found(books.orders, _id(request)))),
            post(f"{order}/{{id}}/authorize", lambda request, _: orders.authorize(books, _id(request), _key(request))),
            post(f"{order}/{{id}}/capture", lambda request, _: orders.capture(books, _id(request), _key(request))),
            get(f"{paid}/authorizations/{{id}}", lambda request: found(books.authorizations, _id(request))),
            post(
                f"{paid}/authorizations/{{id}}/capture",
                lambda request, sent: payments.capture(books, _id(request), sent, _key(request)),
            ),
            post(
                f"{paid}/authorizations/{{id}}/void",
                lambda request, _: _unless_minimal(request, payments.void(books, _id(request), _key(request))),
            ),
            get(f"{paid}/captures/{{id}}", lambda request: found(books.captures, _id(request))),
            post(
                f"{paid}/captures/{{id}}/refund",
                lambda request, sent: payments.refund(books, _id(request), sent, _key(request)),
            ),
            get(f"{paid}/refunds/{{id}}", lambda request: found(books.refunds, _id(request))),
            get("/v1/reporting/transactions", lambda request: reports.transactions(books, request.query_params)),
            get("/v1/customer/disputes", lambda request: reports.disputes(books, request.query_params)),
            get("/v1/customer/disputes/{id}", lambda request: found(books.disputes, _id(request))),
            post(
                "/v1/customer/disputes/{id}/provide-evidence",
                lambda request, sent: disputes.provide_evidence(books, _id(request), sent, _key(request)),
            ),
            post(
                "/v1/customer/disputes/{id}/accept-claim",
                lambda request, _: disputes.accept_claim(books, _id(request), _key(request)),
            ),
            get("/v1/notifications/webhooks-events", lambda request: reports.events(books, request.query_params)),
            get("/v1/notifications/webhooks-events/{id}", lambda request: _event(books, _id(request))),
            post("/v1/notifications/webhooks-events/{id}/resend", lambda request, _: _resent(books, _id(request))),
            get("/v1/notifications/webhooks/{id}", lambda request: _webhook(books, door, _id(request))),
            Route(
                "/v1/notifications/verify-webhook-signature",
                _asked_whose(books, door, signer),
                methods=["POST"],
            ),
        ]
    )


def _open_routes(books: Books, door: Door, signer: Callable[[], Signer]) -> list[Route]:
    async def token(request: Request) -> Response:
        status, body = door.give(request.headers.get("authorization", ""))
        return JSONResponse(body, status)

    async def certificate(request: Request) -> Response:
        known = request.path_params["name"] == signer().name
        return PlainTextResponse(signer().pem) if known else PlainTextResponse("", 404)

    async def authority(_: Request) -> Response:
        return PlainTextResponse(signer().authority.pem.decode())

    async def approval(request: Request) -> Response:
        order = books.orders.get(request.query_params.get("token", ""))
        if order is None:
            return HTMLResponse("<p>No such order.</p>", 404)
        if order.status not in {"CREATED", "PAYER_ACTION_REQUIRED"} or order.source is None:
            return HTMLResponse(page.over_page(order))
        if request.method == "GET":
            return HTMLResponse(page.approval_page(order))
        form = parse_qs((await request.body()).decode())
        context = order.source["paypal"]["experience_context"]
        if form.get("decision") != ["approve"]:
            return RedirectResponse(_with(context["cancel_url"], token=order.id), 303)
        orders.approve(books, order.id, form.get("funding", ["balance"])[0])
        return RedirectResponse(_with(context["return_url"], token=order.id, PayerID=books.payer_id), 303)

    return [
        Route("/v1/oauth2/token", token, methods=["POST"]),
        Route("/v1/notifications/certs/{name}", certificate),
        Route("/fake/ca.pem", authority),
        Route("/checkoutnow", approval, methods=["GET", "POST"]),
    ]


def _asked_whose(books: Books, door: Door, signer: Callable[[], Signer]) -> Callable[[Request], Awaitable[Response]]:
    """`POST verify-webhook-signature`: over the very bytes that stand after `webhook_event`."""

    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        try:
            door.check(request.headers.get("authorization", ""))
        except Refusal as refused:
            return JSONResponse(refused.body(), refused.status)
        told = json.loads(raw)
        event = raw.partition(b'"webhook_event": ')[2][:-1]
        text = f"{told['transmission_id']}|{told['transmission_time']}|{told['webhook_id']}|{zlib.crc32(event)}"
        ours = told["cert_url"].endswith(signer().name) and told["webhook_id"] == door.webhook_id
        try:
            key = signer().key.public_key()
            signature = base64.b64decode(told["transmission_sig"])
            key.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            ours = False
        return JSONResponse({"verification_status": "SUCCESS" if ours else "FAILURE"})

    return endpoint


def _webhook(books: Books, door: Door, webhook_id: str) -> Body:
    if webhook_id != door.webhook_id:
        raise Refusal(404, "INVALID_RESOURCE_ID")
    return {
        "id": webhook_id,
        "url": door.webhook_url or "https://example.com/webhooks/paypal",
        "event_types": [{"name": "*"}],
        "links": [books.link(f"/v1/notifications/webhooks/{webhook_id}", "self")],
    }


def _event(books: Books, event_id: str) -> Body:
    return dict(found({event["id"]: event for event in books.events}, event_id))


def _resent(books: Books, event_id: str) -> Answer:
    event = _event(books, event_id)
    books.changed(event)
    return 202, event


def _unless_minimal(request: Request, answer: Answer) -> Answer:
    return answer if "representation" in request.headers.get("prefer", "") else (204, {})


async def _sent(request: Request) -> Any:
    raw = await request.body()
    if request.headers.get("content-type", "").startswith("multipart/form-data"):  # one part, which is JSON
        raw = raw[raw.index(b"{") : raw.rindex(b"}") + 1]
    elif not raw or not request.headers.get("content-type", "").startswith("application/json"):
        return {}
    try:
        return json.loads(raw)
    except ValueError:
        raise Refusal(400, "MALFORMED_REQUEST_JSON") from None


def _id(request: Request) -> str:
    return str(request.path_params["id"])


def _key(request: Request) -> str | None:
    return request.headers.get("paypal-request-id")


def _with(url: str, **query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"
