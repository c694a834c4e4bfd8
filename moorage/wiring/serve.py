"""Runs the web server: uvicorn on uvloop and httptools."""

import uvicorn
from starlette.types import ASGIApp

from moorage.wiring.settings import Settings


def server_config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """Uvicorn's configuration for one process: no logs of its own per request, no headers that name the software."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        # Whose word on the caller's address is taken: rate limits count by it.
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=10,
        backlog=2048,
    )
