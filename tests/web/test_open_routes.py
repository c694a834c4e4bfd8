"""The list of open routes against the routes that exist, shown or not: no door that nobody meant to open."""

import re

from moorage.web.open_routes import OPEN
from moorage.wiring.app import build_api

# Their address holds a key, and without the right one there is nothing there.
KEYED = {"sandbox_page", "sandbox_page_pay", "sandbox_connect", "sandbox_connect_confirm"}
MADE_UP = "0197f0a2-5c1e-7d3a-9b4e-2f6c8a1d5e70"


def test_every_open_route_exists(settings):
    assert set(routes_of(settings)) >= OPEN


def test_no_two_routes_have_the_same_name_or_place(settings):
    places = [place for place, _ in walk(build_api(settings).routes)]
    names = [name for _, name in walk(build_api(settings).routes)]
    assert len(places) == len(set(places))
    assert len(names) == len(set(names))


async def test_whatever_is_not_on_the_list_refuses_a_caller_without_a_token(settings, house, api):
    for name, (method, path) in routes_of(settings).items():
        answer = await api.request(method, filled(path), **({} if method in {"GET", "DELETE"} else {"json": {}}))
        if name in OPEN - KEYED:
            assert answer.status_code not in {401, 403}, name
        elif name in KEYED:
            assert answer.status_code == 404, name
        else:
            assert answer.status_code == 401, name


def routes_of(settings):
    return {name: place for place, name in walk(build_api(settings).routes)}


def walk(routes, prefix=""):
    """((method, path), operation id) of every route there is."""
    for route in routes:
        if hasattr(route, "original_router"):
            yield from walk(route.original_router.routes, prefix + route.include_context.prefix)
        else:
            assert route.operation_id, route.path
            yield (min(route.methods), prefix + route.path), route.operation_id


def filled(path):
    return re.sub(r"\{\w+\}", MADE_UP, re.sub(r"\{(\w+):\w+\}", "7", path))
