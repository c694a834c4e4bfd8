"""`/`: what this is and where everything is, for people and for programs; and the stylesheet of all pages."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

import moorage
from moorage.pages.view import ICON, STYLESHEET, page, wants_json
from moorage.web.compress import sent

router = APIRouter(include_in_schema=False)


@router.get("/", operation_id="home")
async def home(request: Request) -> Response:
    """What this service is."""
    settings = request.app.state.settings
    links = {"api": "/api/v1/", "reference": "/docs", "openapi": "/openapi.json", "health": "/health"}
    if settings.environment != "production" and settings.smtp_host is None:
        links["outbox"] = "/dev/mail"
    if wants_json(request):
        return JSONResponse(
            {
                "service": "moorage",
                "version": moorage.__version__,
                "docs": "/docs",
                "business": settings.business_name,
                "links": {name: settings.public_url() + path for name, path in links.items()},
            }
        )
    return page(request, "home.html", links=links, version=moorage.__version__)


@router.get("/static/moorage.css", operation_id="stylesheet")
async def stylesheet(request: Request) -> Response:
    """The one stylesheet."""
    return sent(request, STYLESHEET, 200, {"cache-control": "public, max-age=3600"}, "text/css; charset=utf-8")


@router.get("/favicon.ico", operation_id="icon")
async def icon() -> Response:
    """The mark that browsers show: a boat's mooring ring."""
    return Response(ICON, 200, {"cache-control": "public, max-age=86400"}, "image/svg+xml")
