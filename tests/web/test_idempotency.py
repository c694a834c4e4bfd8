"""Idempotency-Key: what is sent again is answered again, and done once."""

import asyncio
import hashlib

import pytest
from fastapi import APIRouter, Request

from moorage.apis.marketplace.envelope import created, ok
from moorage.kernel.errors import MoorageError
from moorage.kernel.ids import uuid7
from moorage.web.actor import CurrentUser
from moorage.web.body import StrictRoute
from moorage.web.fields import StrictModel
from moorage.web.idempotency import subject_id
from moorage.wiring.app import behind_front, build_api
from tests.support.apps import in_process


class Thing(StrictModel):
    name: str
    fails: bool = False


class Stage:
    """A small API of things, which remembers what it was made to do."""

    def __init__(self):
        self.made = []
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.router = APIRouter(prefix="/api/v1/things", route_class=StrictRoute)
        self.router.add_api_route("/", self.make, methods=["POST"])

    async def make(self, request: Request, caller: CurrentUser, body: Thing):
        await self.go_on.wait()
        self.made.append((body.name, subject_id(request)))
        if body.name == "taken":
            raise TakenError
        if body.fails:
            raise RuntimeError
        return created({"name": body.name, "number": len(self.made)})


class TakenError(MoorageError):
    """Taken."""

    code = "thing_taken"
    kind = "conflict"


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def app(settings, house, stage):
    api = build_api(settings, house)
    api.include_router(stage.router)
    return behind_front(settings, api)


def code(answer):
    return answer.status_code, answer.json()["errors"]["code"]


async def test_case_10_a_repeat_is_answered_with_the_first_answer(sign_up, stage):
    ann = await sign_up()
    headers = {"Idempotency-Key": "k1"}
    first = await ann.client.post("/api/v1/things/", json={"name": "a"}, headers=headers)
    again = await ann.client.post("/api/v1/things", json={"name": "a"}, headers=headers)
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert len(stage.made) == 1


async def test_without_a_key_each_request_is_its_own(sign_up, stage):
    ann = await sign_up()
    for _ in range(2):
        await ann.client.post("/api/v1/things/", json={"name": "a"})
    assert len({subject for _, subject in stage.made}) == 2


async def test_case_10_a_key_belongs_to_its_caller(sign_up, stage):
    ann, bob = await sign_up(), await sign_up()
    for person in (ann, bob):
        await person.client.post("/api/v1/things/", json={"name": "a"}, headers={"Idempotency-Key": "k1"})
    assert len(stage.made) == 2


async def test_case_10_the_same_key_with_another_body_is_refused(sign_up, stage):
    ann = await sign_up()
    headers = {"Idempotency-Key": "k1"}
    await ann.client.post("/api/v1/things/", json={"name": "a"}, headers=headers)
    other = await ann.client.post("/api/v1/things/", json={"name": "b"}, headers=headers)
    assert code(other) == (422, "idempotency_key_reused")
    assert len(stage.made) == 1


@pytest.mark.parametrize("key", ["x" * 256, "", "k\x7f"])
async def test_a_key_is_at_most_255_printable_characters(sign_up, key):
    ann = await sign_up()
    answer = await ann.client.post("/api/v1/things/", json={"name": "a"}, headers={"Idempotency-Key": key})
    assert code(answer) == (400, "invalid_idempotency_key")


async def test_a_repeat_of_a_running_request_is_told_to_wait(sign_up, stage):
    ann = await sign_up()
    headers = {"Idempotency-Key": "k1"}
    stage.go_on.clear()
    running = asyncio.create_task(ann.client.post("/api/v1/things/", json={"name": "a"}, headers=headers))
    refused = None
    while refused is None:
        await asyncio.sleep(0.02)
        answer = asyncio.create_task(ann.client.post("/api/v1/things/", json={"name": "a"}, headers=headers))
        done, _ = await asyncio.wait({answer}, timeout=1)
        refused = answer.result() if done else None
        stage.go_on.set()
    assert {code(refused)} == {(409, "request_in_progress")}
    assert int(refused.headers["retry-after"]) >= 1
    assert (await running).status_code == 201
    assert len(stage.made) == 1


async def test_case_10_twenty_at_once_are_carried_out_once(sign_up, stage):
    ann = await sign_up()
    headers = {"Idempotency-Key": "k1"}
    ask = [ann.client.post("/api/v1/things/", json={"name": "a"}, headers=headers) for _ in range(20)]
    answers = await asyncio.gather(*ask)
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert {code(answer)[1] for answer in answers if answer.status_code == 409} <= {"request_in_progress"}
    assert len(stage.made) == 1


async def test_case_10_a_refused_body_does_not_use_the_key_up(sign_up, stage):
    ann = await sign_up()
    headers = {"Idempotency-Key": "k1"}
    wrong = await ann.client.post("/api/v1/things/", json={"nme": "a"}, headers=headers)
    right = await ann.client.post("/api/v1/things/", json={"name": "a"}, headers=headers)
    assert (wrong.status_code, right.status_code) == (422, 201)


async def test_a_conflict_is_an_answer_and_is_kept(sign_up, stage):
    ann = await sign_up()
    for _ in range(2):
        answer = await ann.client.post("/api/v1/things/", json={"name": "taken"}, headers={"Idempotency-Key": "k1"})
        assert code(answer) == (409, "thing_taken")
    assert len(stage.made) == 1


async def test_after_a_failure_of_ours_the_same_request_runs_again_under_the_same_subject(sign_up, stage):
    ann = await sign_up()
    for _ in range(2):
        answer = await ann.client.post(
            "/api/v1/things/", json={"name": "a", "fails": True}, headers={"Idempotency-Key": "k1"}
        )
        assert code(answer) == (500, "internal_error")
    subjects = {subject for _, subject in stage.made}
    assert len(stage.made) == 2
    assert len(subjects) == 1


async def test_a_request_whose_process_died_is_taken_over_once_its_lock_ran_out(sign_up, stage, superuser):
    ann = await sign_up()
    died = uuid7()
    body = b'{"name": "a"}'
    fingerprint = hashlib.sha256(b"POST\0/api/v1/things/\0\0" + body).digest()
    await superuser.execute(
        """
        INSERT INTO idempotency_keys (caller, key, fingerprint, subject_id, state, locked_until, expires_at)
        VALUES ($1, 'k1', $2, $3, 'running', now() + interval '30 s', now() + interval '1 day')
        """,
        f"user:{ann.user_id}",
        fingerprint,
        died,
    )
    headers = {"Idempotency-Key": "k1", "content-type": "application/json"}
    early = await ann.client.post("/api/v1/things/", content=body, headers=headers)
    await superuser.execute("UPDATE idempotency_keys SET locked_until = now()")
    late = await ann.client.post("/api/v1/things/", content=body, headers=headers)
    assert (early.status_code, late.status_code) == (409, 201)
    assert stage.made == [("a", died)]


async def test_a_kept_answer_is_forgotten_after_its_time(sign_up, stage, superuser):
    ann = await sign_up()
    headers = {"Idempotency-Key": "k1"}
    await ann.client.post("/api/v1/things/", json={"name": "a"}, headers=headers)
    await superuser.execute("UPDATE idempotency_keys SET expires_at = now()")
    other = await ann.client.post("/api/v1/things/", json={"name": "b"}, headers=headers)
    assert other.status_code == 201


async def test_tokens_are_not_kept_in_answers(app, superuser):
    async with in_process(app) as client:
        person = {"email": "a@example.com", "password": "a long phrase", "first_name": "A", "last_name": "B"}
        await client.post("/api/v1/auth/register/", json=person, headers={"Idempotency-Key": "k1"})
    assert await superuser.fetchval("SELECT body FROM idempotency_keys") is None


async def test_ok_is_untouched_without_the_header(api):
    assert ok({}).status_code == 200
    assert (await api.post("/api/v1/nowhere/")).status_code == 404
