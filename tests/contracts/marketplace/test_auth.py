"""The authentication section of the marketplace contract, as a client drives it."""

import asyncio
import re

import pytest

from moorage.journeys.open_account import SEND_VERIFY_LINK, send_verify_link
from moorage.journeys.reset_password import SEND_RESET_LINK, send_reset_link
from moorage.kernel.db import SYSTEM

ADA = {"email": "ada@example.com", "password": "correct horse battery", "first_name": "Ada", "last_name": "Marsh"}
JOBS = {SEND_VERIFY_LINK: send_verify_link, SEND_RESET_LINK: send_reset_link}


async def register(api, **changes):
    answer = await api.post("/api/v1/auth/register/", json={**ADA, **changes})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def bearer(session):
    return {"authorization": f"Bearer {session['access']}"}


def code(answer):
    return answer.status_code, answer.json()["errors"]["code"]


async def run_jobs(house):
    """Run what is queued now, as the worker would."""
    async with house.database.transaction(SYSTEM) as db:
        rows = await db.fetch(
            """
            DELETE FROM pgqueuer WHERE entrypoint = ANY($1)
            RETURNING entrypoint, convert_from(payload, 'UTF8')::jsonb AS p
            """,
            list(JOBS),
        )
    for row in rows:
        await JOBS[row["entrypoint"]](house, row["p"])


async def mailed_token(house, recipient):
    await run_jobs(house)
    async with house.database.reading(SYSTEM) as db:
        body = await db.fetchval(
            "SELECT body_text FROM mails WHERE recipient = $1 ORDER BY created_at DESC LIMIT 1", recipient
        )
    return re.search(r"token=([\w-]+)", body)[1]


async def test_registering_signs_in_and_mails_a_link_that_confirms_the_address(api, house):
    session = await register(api, phone_number="+44 20 7123 4567")
    assert session["expires_in"] == 3600
    assert session["user"] == {
        "id": session["user"]["id"],
        "email": "ada@example.com",
        "first_name": "Ada",
        "last_name": "Marsh",
        "phone_number": "+44 20 7123 4567",
        "is_practitioner": False,
        "is_verified": False,
        "role": "user",
        "profile": {"bio": "", "avatar": None, "timezone": "UTC", "location": "", "preferences": {}},
    }
    token = await mailed_token(house, "ada@example.com")
    first = await api.post("/api/v1/auth/verify-email/", json={"token": token})
    again = await api.post("/api/v1/auth/verify-email/", json={"token": token})
    assert first.json()["data"]["is_verified"] is True
    assert code(again) == (422, "invalid_link")


async def test_an_address_opens_one_account_in_any_case_of_letters(api):
    await register(api)
    answer = await api.post("/api/v1/auth/register/", json={**ADA, "email": "ADA@Example.com"})
    assert code(answer) == (409, "email_taken")


async def test_a_repeated_registration_with_its_key_signs_in_to_the_same_account(api):
    headers = {"Idempotency-Key": "first-visit"}
    first = await api.post("/api/v1/auth/register/", json=ADA, headers=headers)
    again = await api.post("/api/v1/auth/register/", json=ADA, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["data"]["user"]["id"] == again.json()["data"]["user"]["id"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"email": "ada"}, "invalid_email"),
        ({"email": "ada@example.com\nBcc: eve@example.com"}, "invalid_email"),
        ({"password": "short"}, "weak_password"),
        ({"password": "password123"}, "weak_password"),
        ({"password": 12345678}, "invalid_type"),
        ({"first_name": "  "}, "required"),
        ({"first_name": "x" * 201}, "too_long"),
        ({"role": "admin"}, "unknown_field"),
        ({"is_verified": True}, "unknown_field"),
        ({"phone_number": "call me"}, "invalid_phone_number"),
        ({"last_name": "4242 4242 4242 4242"}, "card_data_not_allowed"),
    ],
)
async def test_a_registration_that_is_not_right_is_refused_by_name(api, changes, expected):
    assert code(await api.post("/api/v1/auth/register/", json={**ADA, **changes})) == (422, expected)


async def test_login_takes_the_right_password_and_tells_nobody_which_half_was_wrong(api):
    await register(api)
    right = await api.post("/api/v1/auth/login/", json={"email": "Ada@example.com", "password": ADA["password"]})
    wrong = await api.post("/api/v1/auth/login/", json={"email": "ada@example.com", "password": "something else"})
    nobody = await api.post("/api/v1/auth/login/", json={"email": "eve@example.com", "password": "something else"})
    assert right.status_code == 200
    assert code(wrong) == code(nobody) == (401, "invalid_credentials")
    assert {**wrong.json(), "errors": None} == {**nobody.json(), "errors": None}


async def test_a_refresh_gives_new_tokens_and_an_old_one_ends_the_whole_sign_in(api):
    session = await register(api)
    second = (await api.post("/api/v1/auth/token/refresh/", json={"refresh": session["refresh"]})).json()["data"]
    third = (await api.post("/api/v1/auth/token/refresh/", json={"refresh": second["refresh"]})).json()["data"]
    stolen = await api.post("/api/v1/auth/token/refresh/", json={"refresh": session["refresh"]})
    after = await api.post("/api/v1/auth/token/refresh/", json={"refresh": third["refresh"]})
    assert code(stolen) == (401, "token_reused")
    assert code(after) == (401, "token_reused")
    assert code(await api.get("/api/v1/auth/user/", headers=bearer(third))) == (401, "invalid_token")


async def test_a_refresh_whose_answer_was_lost_may_be_asked_again_for_ten_seconds(api, superuser):
    session = await register(api)
    await api.post("/api/v1/auth/token/refresh/", json={"refresh": session["refresh"]})
    again = await api.post("/api/v1/auth/token/refresh/", json={"refresh": session["refresh"]})
    await superuser.execute("UPDATE refresh_tokens SET used_at = used_at - interval '11 seconds'")
    late = await api.post("/api/v1/auth/token/refresh/", json={"refresh": session["refresh"]})
    assert again.status_code == 200
    assert code(late) == (401, "token_reused")


async def test_two_refreshes_at_once_never_end_the_sign_in(api):
    session = await register(api)
    answers = await asyncio.gather(
        *(api.post("/api/v1/auth/token/refresh/", json={"refresh": session["refresh"]}) for _ in range(4))
    )
    assert {answer.status_code for answer in answers} == {200}


async def test_an_expired_or_unknown_refresh_token_is_not_valid(api, superuser):
    session = await register(api)
    await superuser.execute("UPDATE refresh_tokens SET expires_at = now() - interval '1 second'")
    expired = await api.post("/api/v1/auth/token/refresh/", json={"refresh": session["refresh"]})
    unknown = await api.post("/api/v1/auth/token/refresh/", json={"refresh": "made-up"})
    assert code(expired) == code(unknown) == (401, "invalid_token")


async def test_refresh_tokens_and_links_are_kept_as_hashes_only(api, superuser):
    session = await register(api)
    for table in ("refresh_tokens", "refresh_families", "account_links", "users"):
        kept = str(await superuser.fetch(f"SELECT * FROM {table}"))
        assert session["refresh"] not in kept
        assert ADA["password"] not in kept


async def test_after_log_out_neither_token_is_taken(api):
    session = await register(api)
    out = await api.post("/api/v1/auth/logout/", json={"refresh": session["refresh"]}, headers=bearer(session))
    assert out.status_code == 200
    assert code(await api.get("/api/v1/auth/user/", headers=bearer(session))) == (401, "invalid_token")
    again = await api.post("/api/v1/auth/token/refresh/", json={"refresh": session["refresh"]})
    assert code(again) == (401, "invalid_token")


async def test_log_out_needs_no_body(api):
    session = await register(api)
    assert (await api.post("/api/v1/auth/logout/", headers=bearer(session))).status_code == 200


async def test_a_profile_can_be_changed_in_parts(api):
    session = await register(api)
    answer = await api.put(
        "/api/v1/auth/user/",
        json={"first_name": "Augusta", "profile": {"timezone": "Europe/London", "preferences": {"theme": "dark"}}},
        headers=bearer(session),
    )
    assert answer.status_code == 200
    user = (await api.get("/api/v1/auth/user/", headers=bearer(session))).json()["data"]
    assert (user["first_name"], user["last_name"]) == ("Augusta", "Marsh")
    assert user["profile"]["timezone"] == "Europe/London"
    assert user["profile"]["preferences"] == {"theme": "dark"}


@pytest.mark.parametrize(
    ("body", "expected", "pointer"),
    [
        ({"profile": {"timezone": "Mars/Olympus"}}, "invalid_timezone", "/profile/timezone"),
        ({"profile": {"timezone": "Factory"}}, "invalid_timezone", "/profile/timezone"),
        ({"profile": {"avatar": "javascript:alert(1)"}}, "invalid_url", "/profile/avatar"),
        ({"profile": {"bio": "x" * 5001}}, "too_long", "/profile/bio"),
        ({"profile": {"preferences": [1]}}, "invalid_type", "/profile/preferences"),
        ({"role": "admin"}, "unknown_field", "/role"),
        ({"email": "new@example.com"}, "unknown_field", "/email"),
    ],
)
async def test_a_profile_that_is_not_right_is_refused_with_a_pointer(api, body, expected, pointer):
    session = await register(api)
    answer = await api.put("/api/v1/auth/user/", json=body, headers=bearer(session))
    assert code(answer) == (422, expected)
    assert answer.json()["errors"]["fields"][0]["pointer"] == pointer


async def test_a_reset_answers_the_same_for_anybody_and_sets_a_new_password_once(api, house):
    session = await register(api)
    known = await api.post("/api/v1/auth/password/reset/", json={"email": "ada@example.com"})
    nobody = await api.post("/api/v1/auth/password/reset/", json={"email": "eve@example.com"})
    assert (known.status_code, known.content) == (nobody.status_code, nobody.content) == (200, known.content)
    token = await mailed_token(house, "ada@example.com")
    weak = await api.post("/api/v1/auth/password/reset/confirm/", json={"token": token, "password": "password1"})
    assert code(weak) == (422, "weak_password")
    new = {"token": token, "password": "another long phrase"}
    assert (await api.post("/api/v1/auth/password/reset/confirm/", json=new)).status_code == 200
    assert code(await api.post("/api/v1/auth/password/reset/confirm/", json=new)) == (422, "invalid_link")
    assert code(await api.get("/api/v1/auth/user/", headers=bearer(session))) == (401, "invalid_token")
    old = await api.post("/api/v1/auth/login/", json={"email": ADA["email"], "password": ADA["password"]})
    now = await api.post("/api/v1/auth/login/", json={"email": ADA["email"], "password": "another long phrase"})
    assert (old.status_code, now.status_code) == (401, 200)


async def test_a_link_is_good_for_its_own_purpose_and_time(api, house, superuser):
    await register(api)
    verify = await mailed_token(house, "ada@example.com")
    reset = await api.post("/api/v1/auth/password/reset/confirm/", json={"token": verify, "password": "long enough 1"})
    assert code(reset) == (422, "invalid_link")
    await superuser.execute("UPDATE account_links SET expires_at = now() - interval '1 second'")
    assert code(await api.post("/api/v1/auth/verify-email/", json={"token": verify})) == (422, "invalid_link")


async def test_the_link_can_be_mailed_again(api, house):
    session = await register(api)
    first = await mailed_token(house, "ada@example.com")
    assert (await api.post("/api/v1/auth/verify-email/resend/", headers=bearer(session))).status_code == 200
    second = await mailed_token(house, "ada@example.com")
    assert first != second
    assert (await api.post("/api/v1/auth/verify-email/", json={"token": second})).status_code == 200


async def test_a_closed_account_is_nobody(api, superuser):
    session = await register(api)
    await superuser.execute("UPDATE users SET is_active = false")
    assert code(await api.get("/api/v1/auth/user/", headers=bearer(session))) == (401, "invalid_token")
    login = await api.post("/api/v1/auth/login/", json={"email": ADA["email"], "password": ADA["password"]})
    assert code(login) == (401, "invalid_credentials")
    refresh = await api.post("/api/v1/auth/token/refresh/", json={"refresh": session["refresh"]})
    assert code(refresh) == (401, "invalid_token")


async def test_paths_work_without_the_slash_at_their_end(api):
    assert (await api.post("/api/v1/auth/register", json=ADA)).status_code == 201
