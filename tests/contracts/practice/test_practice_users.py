"""The practice contract: users, and what its lists and errors have in common."""

import re

import pytest

from tests.builders import make_practitioner


def body(email="ada@example.com", **more):
    return {"first_name": "Ada", "last_name": "Marsh", "email": email, **more}


async def test_anybody_opens_an_account_for_themselves_and_signs_in_with_it(api, sign_up):
    password = "correct horse battery"
    opened = await api.post("/users/", json=body(middle_name="Jo", role="individual_client", password=password))
    assert opened.status_code == 201, opened.text
    user = opened.json()
    assert set(user) == {"id", "first_name", "middle_name", "last_name", "email", "role", "created_at"}
    assert (user["middle_name"], user["role"]) == ("Jo", "individual_client")
    signed_in = await api.post("/api/v1/auth/login/", json={"email": "ada@example.com", "password": password})
    access = signed_in.json()["data"]["access"]
    own = await api.get(f"/users/{user['id']}", headers={"authorization": f"Bearer {access}"})
    assert own.json() == user


async def test_a_taken_address_is_refused_in_any_case_of_letters(api):
    assert (await api.post("/users", json=body())).status_code == 201
    again = await api.post("/users/", json=body(email="ADA@example.com"))
    assert (again.status_code, again.json()["code"]) == (409, "email_taken")
    assert again.headers["content-type"] == "application/problem+json"
    assert set(again.json()) >= {"type", "title", "status", "detail", "code", "request_id", "errors"}


async def test_without_a_password_a_mail_asks_to_set_one(api, house):
    await api.post("/users/", json=body())
    async with house.database.worker.acquire() as db:
        mail = await db.fetchval("SELECT body_text FROM mails WHERE recipient = 'ada@example.com'")
    secret = re.search(r"token=(\S+)", mail)[1]
    new = {"token": secret, "password": "correct horse battery"}
    assert (await api.post("/api/v1/auth/password/reset/confirm/", json=new)).status_code == 200
    login = {"email": "ada@example.com", "password": "correct horse battery"}
    assert (await api.post("/api/v1/auth/login/", json=login)).status_code == 200


@pytest.mark.parametrize("role", ["practitioner", "administrator", "owner"])
async def test_other_roles_are_given_by_administrators_alone(api, sign_up, role):
    client, admin = await sign_up(), await sign_up(admin=True)
    for asker in (api, client.client):
        refused = await asker.post("/users/", json=body(role=role))
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    opened = await admin.client.post("/users/", json=body(role=role))
    assert (opened.status_code, opened.json()["role"]) == (201, role)


async def test_a_verified_practitioner_is_told_as_one_and_another_is_not(sign_up, superuser):
    host, applicant, admin = await sign_up(), await sign_up(), await sign_up(admin=True)
    await make_practitioner(superuser, user_id=host.user_id)
    await make_practitioner(superuser, user_id=applicant.user_id, verification_status="pending", verified_at=None)
    roles = {one["id"]: one["role"] for one in (await admin.client.get("/users/")).json()}
    assert roles == {
        str(host.user_id): "practitioner",
        str(applicant.user_id): "individual_client",
        str(admin.user_id): "administrator",
    }


async def test_lists_are_arrays_in_windows_with_their_total_and_links(sign_up):
    admin, client = await sign_up(admin=True), await sign_up()
    for _ in range(4):
        await sign_up()
    page = await admin.client.get("/users/?skip=2&limit=2")
    assert len(page.json()) == 2
    assert page.headers["x-total-count"] == "6"
    links = re.findall(r'<http://moorage.test/users/\?skip=(\d+)&limit=2>; rel="(\w+)"', page.headers["link"])
    assert {rel: int(skip) for skip, rel in links} == {"first": 0, "prev": 0, "next": 4, "last": 4}
    assert 'rel="next"' not in (await admin.client.get("/users/?skip=4&limit=2")).headers["link"]
    for window in ("limit=0", "limit=201", "skip=-1", "skip=x"):
        assert (await admin.client.get(f"/users/?{window}")).status_code == 422
    assert (await client.client.get("/users/")).status_code == 403
    assert (await client.client.get(f"/users/{admin.user_id}")).status_code == 404
