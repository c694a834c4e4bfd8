"""`moorage payments`: the providers' calls alone, with no database at all, for trying keys."""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Scope

from moorage.apis.operations import openapi
from moorage.apis.standalone import calls
from moorage.domains.payments.gateway import PaymentGateway
from moorage.pages import home, reference
from moorage.web.access_log import note_request
from moorage.web.front import Front
from moorage.web.metrics import operation_of, template_of
from moorage.wiring.app import bare_api
from moorage.wiring.providers import outside_gateways
from moorage.wiring.serve import server_config
from moorage.wiring.serving import listening_socket
from moorage.wiring.settings import Settings

_PAGES = {"/static/moorage.css", "/favicon.ico"}


@dataclass(frozen=True, slots=True)
class Trying:
    """Where it listens, and which providers it has keys for."""

    base_url: str
    providers: tuple[str, ...]


async def serve_payments(settings: Settings, tell: Callable[[Trying], None]) -> None:
    """Run until SIGINT or SIGTERM; on the next free port when PORT is taken. Raises UnsafeSettingsError for half a
    provider's keys.
    """
    gateways = outside_gateways(settings)
    with listening_socket(settings) as listener:
        settings = settings.model_copy(update={"port": listener.getsockname()[1]})
        app = build_payments_app(settings, gateways)
        tell(Trying(f"http://{settings.host}:{settings.port}", tuple(sorted(gateways))))
        await uvicorn.Server(server_config(app, settings)).serve(sockets=[listener])


def build_payments_app(settings: Settings, gateways: Mapping[str, PaymentGateway]) -> ASGIApp:
    """The application behind its front door; it closes `gateways` when the server stops."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        for gateway in gateways.values():
            close = getattr(gateway, "aclose", None)
            if close is not None:
                await close()

    api = bare_api("Moorage payments", lifespan)
    api.state.settings = settings
    api.state.gateways = gateways
    api.state.refusals = calls.REFUSALS
    api.state.examples = {}
    api.include_router(calls.router)
    api.include_router(openapi.router)
    api.include_router(reference.router)
    api.router.routes.extend(route for route in home.router.routes if getattr(route, "path", None) in _PAGES)
    return Front(api, body_max_bytes=settings.body_max_bytes, watch=_note)


def _note(scope: Scope, status: int, seconds: float) -> None:
    note_request(scope, operation_of(scope), template_of(scope), status, seconds)
