"""The examples of the reference are requests that can be sent as they stand."""

import pytest

from moorage.web.open_routes import OTHER_KEYS_PREFIX
from moorage.web.openapi import operations
from moorage.wiring.contracts import EXAMPLES
from moorage.wiring.openapi_snapshot import promised
from tests.support.access.cast import Cast, gathered

# Tokens that were mailed to nobody, and the address of another installation.
REFUSED_AS_SUCH = {
    "auth_password_reset_confirm": "invalid_link",
    "auth_verify_email": "invalid_link",
    "sandbox_intents_create": "return_url_not_allowed",
    "sandbox_subscriptions_create": "return_url_not_allowed",
}


@pytest.fixture
async def cast(standing_town, session_database):
    async with gathered(standing_town, session_database) as everybody:
        yield everybody
        # The example of the sandbox's misbehaviour was sent too, and the town stands on for other tests.
        await everybody.town.behave()


def test_every_example_belongs_to_an_operation():
    assert set(EXAMPLES) <= {operation["operationId"] for _, _, operation in operations(promised())}


async def test_no_example_of_a_body_is_refused_as_not_acceptable(cast: Cast):
    refused = {}
    for path, method, operation in operations(promised()):
        name = operation["operationId"]
        for media in operation.get("requestBody", {}).get("content", {}).values():
            values = [media["example"]] if "example" in media else [one["value"] for one in media["examples"].values()]
            for value in values:
                answer = await _sent(cast, name, method, path, value)
                if answer.status_code in (400, 415, 422) and _code(answer) != REFUSED_AS_SUCH.get(name):
                    refused[name] = answer.text
    assert refused == {}


async def _sent(cast: Cast, name: str, method: str, path: str, body):
    known = _Known(practitioner_id=str(cast.practitioner.id), service_id=str(cast.service), job_id="1", number="1")
    if name.startswith(OTHER_KEYS_PREFIX):
        return await cast.town.api.request(method, path.removeprefix("/sandbox/v1").format_map(known), json=body)
    if name == "services_schedule_create":
        await cast.superuser.execute("UPDATE services SET service_type = 'workshop' WHERE id = $1", cast.service)
    caller = {"practitioners_apply": "client", "bookings_create": "client"}.get(name, "host")
    return await cast.ask(caller, method, path.format_map(known), json=body)


class _Known(dict):
    """Members of paths; what is not named here is a UUID of nothing."""

    def __missing__(self, _):
        return "0197f0a2-5c1e-7d3a-9b4e-2f6c8a1d5e70"


def _code(answer):
    """The code, in the envelope, in the sandbox's own shape, or as a problem."""
    body = answer.json()
    if "code" in body:
        return body["code"]
    return (body.get("error") or body["errors"])["code"]
