"""Rate limits: so many requests an hour, for all processes together."""

import re

import pytest

from moorage.kernel.ids import uuid7
from moorage.wiring.app import build_app
from tests.support.apps import in_process


@pytest.fixture
def settings(settings):
    return settings.model_copy(
        update={
            "rate_limit_enabled": True,
            "rate_limit_anonymous_per_hour": 30,
            "rate_limit_user_per_hour": 50,
            "rate_limit_practitioner_per_hour": 70,
        }
    )


def left(answer):
    return int(re.search(r"r=(\d+)", answer.headers["ratelimit"])[1])


async def test_every_answer_says_what_is_left(api):
    first = await api.get("/api/v1/nowhere/")
    second = await api.get("/api/v1/nowhere/")
    assert first.headers["ratelimit-policy"] == '"anonymous";q=30;w=3600'
    assert re.fullmatch(r'"anonymous";r=29;t=\d+', first.headers["ratelimit"])
    assert left(second) == 28


async def test_one_request_over_the_limit_is_refused_until_the_hour_ends(api):
    answers = [await api.get("/api/v1/nowhere/") for _ in range(31)]
    assert [answer.status_code for answer in answers] == [404] * 30 + [429]
    last = answers[-1]
    assert last.json()["status"] == "error"
    assert last.json()["errors"]["code"] == "rate_limited"
    assert 0 < int(last.headers["retry-after"]) <= 3600
    assert left(last) == 0


async def test_whoever_guesses_links_is_stopped_and_whoever_waits_on_their_own_is_not(settings, house):
    one, other = build_app(settings, house), build_app(settings, house)
    async with in_process(one) as a, in_process(other) as b:
        waiting = [(await a.get("/portal")).status_code for _ in range(40)]
        guessed = [(await a.get(f"/i/{uuid7().hex}")).status_code for _ in range(31)]
        stopped = await a.get("/portal")
        elsewhere = [(await b.get(f"/q/{uuid7().hex}")).status_code for _ in range(2)]
    assert waiting == [200] * 40
    assert guessed == [404] * 30 + [429]
    assert (stopped.status_code, stopped.headers["content-type"]) == (429, "text/html; charset=utf-8")
    assert 0 < int(stopped.headers["retry-after"]) <= 3600
    assert elsewhere == [404, 429]  # another process hears of it at the next miss


async def test_mail_to_a_portal_is_asked_for_as_often_as_the_limit_lets(api):
    answers = [await api.post("/portal", data={"email": f"{n}@example.com"}) for n in range(31)]
    assert [answer.status_code for answer in answers] == [200] * 30 + [429]


async def test_two_processes_share_one_count(settings, house):
    one, other = build_app(settings, house), build_app(settings, house)
    statuses = []
    async with in_process(one) as a, in_process(other) as b:
        for _ in range(25):
            statuses += [(await client.get("/api/v1/nowhere/")).status_code for client in (a, b)]
    assert statuses.count(404) == 30
    assert statuses.count(429) == 20


async def test_somebody_signed_in_has_a_count_of_their_own_and_practitioners_a_larger_one(api, sign_up, app, tokens):
    ann = await sign_up()
    for _ in range(31):
        await api.get("/api/v1/nowhere/")
    mine = await ann.client.get("/api/v1/nowhere/")
    tools = await ann.client.get("/api/v1/practitioner/earnings/")
    access = tokens.issue(uuid7(), uuid7(), is_practitioner=True)
    async with in_process(app, access) as practitioner:
        theirs = await practitioner.get("/api/v1/nowhere/")
    assert mine.headers["ratelimit-policy"] == '"user";q=50;w=3600'
    assert tools.headers["ratelimit-policy"] == '"practitioner";q=70;w=3600'
    assert theirs.headers["ratelimit-policy"] == '"practitioner";q=70;w=3600'


async def test_the_database_is_asked_about_every_tenth_request(sign_up, superuser):
    ann = await sign_up()
    taken = []
    for _ in range(12):
        await ann.client.get("/api/v1/nowhere/")
        taken.append(await superuser.fetchval("SELECT taken FROM rate_limits"))
    assert taken == [10] * 10 + [20] * 2


async def test_a_token_that_is_no_good_counts_by_address(app):
    async with in_process(app, "made-up") as eve:
        answer = await eve.get("/api/v1/auth/user/")
    assert answer.status_code == 401
    assert answer.headers["ratelimit-policy"].startswith('"anonymous"')


async def test_health_is_not_counted(api):
    assert "ratelimit" not in (await api.get("/health")).headers
