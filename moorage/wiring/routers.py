"""Every router there is: one line each. The hottest come first, because routes are matched in this order."""

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

from fastapi import APIRouter

# module, prefix under which its `router` is mounted
ROUTERS: tuple[tuple[str, str], ...] = (
    ("moorage.apis.marketplace.bookings", "/api/v1"),
    ("moorage.apis.marketplace.bookings_cancel", "/api/v1"),
    ("moorage.apis.marketplace.bookings_reschedule", "/api/v1"),
    ("moorage.apis.marketplace.bookings_attend", "/api/v1"),
    ("moorage.apis.marketplace.bookings_calendar", "/api/v1"),
    ("moorage.apis.webhooks.events", ""),
    ("moorage.apis.marketplace.availability", "/api/v1"),
    ("moorage.apis.marketplace.practitioners", "/api/v1"),
    ("moorage.apis.marketplace.services", "/api/v1"),
    ("moorage.apis.marketplace.service_sessions", "/api/v1"),
    ("moorage.apis.marketplace.payments", "/api/v1"),
    ("moorage.apis.marketplace.earnings", "/api/v1"),
    ("moorage.apis.marketplace.auth", "/api/v1"),
    ("moorage.apis.marketplace.failed_jobs", "/api/v1"),
    ("moorage.apis.sandbox.api", ""),
    ("moorage.apis.sandbox.page", ""),
    ("moorage.apis.operations.health", ""),
    ("moorage.apis.operations.metrics", ""),
    ("moorage.pages.reference", ""),
    ("moorage.pages.home", ""),
    ("moorage.pages.sign_in_link", ""),
    ("moorage.pages.account_links", ""),
    ("moorage.pages.outbox", ""),
)


def routers() -> Iterator[tuple[APIRouter, str]]:
    """Each router with its prefix, in the order in which they are matched."""
    for module, prefix in ROUTERS:
        if _exists(module):
            yield import_module(module).router, prefix


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
