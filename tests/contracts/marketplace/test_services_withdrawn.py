"""A service that is withdrawn while it is booked, and places that come back."""

import asyncio
from datetime import UTC, datetime, timedelta

from tests.builders import make_service, make_session


async def test_a_service_with_bookings_is_withdrawn_and_what_is_booked_stays(api, seller, sign_up, owner, superuser):
    person, practitioner = seller
    service_id = await make_service(
        owner, practitioner, service_type="workshop", max_participants=4, horizon_days=365, title="Evening circle"
    )
    url = f"/api/v1/services/{service_id}/"
    start = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
    dates = {"sessions": [start.isoformat(), (start + timedelta(days=1)).isoformat()]}
    (first, second) = (await person.client.post(f"{url}schedule/", json=dates)).json()["data"]
    client = await sign_up()
    body = {"service_id": str(service_id), "session_id": first["id"]}
    booked = await client.client.post("/api/v1/bookings/", json=body)
    assert booked.status_code == 201, booked.text
    spots = [one["available_spots"] for one in (await api.get(f"{url}schedule/")).json()["data"]["results"]]
    assert spots == [3, 4]

    answer = await person.client.delete(url)
    assert (answer.status_code, answer.json()["data"]["is_active"]) == (200, False)
    assert (await api.get(url)).status_code == 404
    kept = await superuser.fetch("SELECT id, status FROM sessions ORDER BY starts_at")
    assert [(str(row["id"]), row["status"]) for row in kept] == [
        (first["id"], "scheduled"),
        (second["id"], "cancelled"),
    ]
    claimed = await superuser.fetch("SELECT session_id FROM claims WHERE active")
    assert [str(row["session_id"]) for row in claimed] == [first["id"]]
    # The client still sees what they booked, and of whom.
    booking = await client.client.get(f"/api/v1/bookings/{booked.json()['data']['id']}/")
    assert booking.status_code == 200
    assert booking.json()["data"]["service_id"] == str(service_id)
    assert (await client.client.get("/api/v1/bookings/upcoming/")).json()["data"]["count"] == 1
    refused = await client.client.post("/api/v1/bookings/", json=body)
    assert refused.status_code in {404, 409}


async def test_an_expired_hold_gives_its_place_back_at_once(api, seller, sign_up, owner, superuser):
    _, practitioner = seller
    service_id = await make_service(owner, practitioner, service_type="workshop", max_participants=4, horizon_days=365)
    session_id = await make_session(owner, service_id, datetime.now(UTC) + timedelta(days=3))
    client = await sign_up()
    body = {"service_id": str(service_id), "session_id": str(session_id), "participants": [{}, {}]}
    assert (await client.client.post("/api/v1/bookings/", json=body)).status_code == 201
    url = f"/api/v1/services/{service_id}/schedule/"
    assert (await api.get(url)).json()["data"]["results"][0]["available_spots"] == 2
    await superuser.execute("UPDATE bookings SET hold_expires_at = now() - interval '1 second'")
    assert (await api.get(url)).json()["data"]["results"][0]["available_spots"] == 4


async def test_withdrawing_while_clients_book_leaves_all_or_nothing(seller, sign_up, owner, superuser):
    person, practitioner = seller
    clients = [await sign_up() for _ in range(6)]
    for _ in range(3):
        service_id = await make_service(owner, practitioner, service_type="workshop", max_participants=4)
        start = datetime.now(UTC) + timedelta(days=3)
        session_id = await make_session(owner, service_id, start)
        body = {"service_id": str(service_id), "session_id": str(session_id)}
        booked = [client.client.post("/api/v1/bookings/", json=body) for client in clients]
        withdrawn, *answers = await asyncio.gather(person.client.delete(f"/api/v1/services/{service_id}/"), *booked)
        assert withdrawn.status_code == 200, withdrawn.text
        assert {answer.status_code for answer in answers} <= {201, 404, 409}, [one.text for one in answers]
        made = await superuser.fetchval("SELECT count(*) FROM bookings WHERE service_id = $1", service_id)
        assert made == sum(answer.status_code == 201 for answer in answers)
        assert (withdrawn.json()["data"] is None) is (made == 0)
        await superuser.execute("DELETE FROM claims")  # the next round is at the same time
