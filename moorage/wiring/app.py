"""Builds the ASGI application: every contract and page behind one front door."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Lifespan, Scope

import moorage
from moorage.apis.marketplace import envelope
from moorage.apis.marketplace.bookings_create import create_booking
from moorage.apis.payment_records import payments as payment_records
from moorage.apis.webhooks import events
from moorage.journeys.house import House
from moorage.kernel.errors import MoorageError, UnavailableError
from moorage.pages import wrong
from moorage.web.access_log import note_request
from moorage.web.actor import known_user, make_ready
from moorage.web.direct import Direct, Shortcut
from moorage.web.front import Front, Watch
from moorage.web.idempotency import Idempotency
from moorage.web.limits import RateLimits
from moorage.web.metrics import count_request, operation_of, template_of
from moorage.web.problems import problem_json, render, render_below, render_where
from moorage.web.recorded import told
from moorage.web.tokens import AccessTokens
from moorage.wiring.contracts import EXAMPLES, REFUSALS
from moorage.wiring.demo import accept_demo_tokens
from moorage.wiring.house import opened_house
from moorage.wiring.providers import sandbox
from moorage.wiring.routers import ROUTERS, ROUTES
from moorage.wiring.secrets import access_tokens
from moorage.wiring.settings import Settings


def build_app(settings: Settings, house: House | None = None) -> ASGIApp:
    """The whole application. With a `house` it uses that one; without, it opens its own when the server starts."""
    return behind_front(settings, build_api(settings, house))


def build_api(settings: Settings, house: House | None = None) -> FastAPI:
    """The application inside the front door: what the OpenAPI document describes."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if house is not None:
            await accept_demo_tokens(settings, house, app.state.tokens)
            yield
            await _leave(app)
            return
        async with opened_house(settings) as opened:
            _move_in(app, settings, opened.house)
            await accept_demo_tokens(settings, opened.house, app.state.tokens)
            yield
            await _leave(app)

    api = bare_api("Moorage", lifespan)
    api.state.settings = settings
    api.state.house = None
    api.state.tokens = access_tokens(settings)
    api.state.refusals = REFUSALS
    api.state.examples = EXAMPLES
    if house is not None:
        _move_in(api, settings, house)
    render_below(envelope.PREFIX + "/", envelope.wrapped)
    render_where(payment_records.PLACES, problem_json)
    for place in wrong.PLACES:
        render_below(place, wrong.as_page(settings.business_name))
    api.router.routes.extend(ROUTES)
    return api


def bare_api(title: str, lifespan: Lifespan[FastAPI]) -> FastAPI:
    """An API without routes that refuses by name, and leaves its documents to pages of ours."""
    return FastAPI(
        title=title,
        version=moorage.__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        exception_handlers=_HANDLERS,
    )


def _move_in(api: FastAPI, settings: Settings, house: House) -> None:
    """Give the routes the House, and the sandbox provider that runs next to it."""
    api.state.house = house
    api.state.sandbox = sandbox(settings, house)


async def _leave(api: FastAPI) -> None:
    if api.state.sandbox is not None:
        await api.state.sandbox.aclose()


def behind_front(settings: Settings, api: FastAPI) -> ASGIApp:
    """`api` behind the front door, and behind CORS where other origins are allowed."""

    def house() -> House:
        found: House | None = api.state.house
        if found is None:
            raise UnavailableError
        return found

    tokens: AccessTokens = api.state.tokens
    direct = Direct(
        api,
        api,
        exact={envelope.PREFIX + "/bookings/": Shortcut(create_booking, "bookings_create")},
        below={events.PREFIX: Shortcut(events.receive, events.OPERATION)},
    )
    once = Idempotency(direct, house, tokens, lock_s=settings.idempotency_lock_s, hours=settings.idempotency_hours)
    limits = RateLimits(
        house,
        tokens,
        anonymous_per_hour=settings.rate_limit_anonymous_per_hour,
        user_per_hour=settings.rate_limit_user_per_hour,
        practitioner_per_hour=settings.rate_limit_practitioner_per_hour,
    )
    gate = limits if settings.rate_limit_enabled else None

    async def prepare(scope: Scope) -> None:
        await make_ready(scope, tokens)

    app: ASGIApp = Front(
        once,
        body_max_bytes=settings.body_max_bytes,
        prepare=prepare if tokens.reads_keys else None,
        gate=gate,
        watch=_watch(api),
    )
    if settings.cors_origins:
        app = CORSMiddleware(
            app,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "Request-Id"],
            expose_headers=[
                "Request-Id",
                "RateLimit",
                "RateLimit-Policy",
                "Retry-After",
                "Idempotent-Replayed",
                "ETag",
                "Link",
                "X-Total-Count",
            ],
            max_age=3600,
        )
    return app


def _watch(api: FastAPI) -> Watch:
    """Told of each finished request: counts it, notes it in the log, and rings for workers when it changed things."""
    templates = _templates()

    def watch(scope: Scope, status: int, seconds: float) -> None:
        operation, method = operation_of(scope), scope["method"]
        count_request(operation, method, status, seconds)
        template = templates.get(operation) or template_of(scope)
        note_request(scope, operation, template, status, seconds, user_id=known_user(scope))
        if status < 400 and method not in _SAFE and api.state.house is not None:
            api.state.house.bell.ring()

    return watch


def _templates() -> dict[str, str]:
    """The path of each operation, its parameters in braces: a route by itself knows it without its router's prefix."""
    routes = ((route, prefix) for router, prefix in ROUTERS for route in router.routes)
    return {
        route.operation_id: prefix + route.path
        for route, prefix in routes
        if isinstance(route, APIRoute) and route.operation_id
    }


async def _refused(request: Request, error: Exception) -> Response:
    """Whatever was refused by name, as the contract of that path writes it."""
    request_id = request.state.request_id
    rendered = render(request.url.path, told(error, request_id))
    return Response(rendered.body, rendered.status, dict(rendered.headers), rendered.media_type)


_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_HANDLERS: dict[int | type[Exception], Any] = {
    MoorageError: _refused,
    RequestValidationError: _refused,
    HTTPException: _refused,
    Exception: _refused,
}
