"""The demo's people and what they are given at each start: access tokens, and links that sign in by one click."""

from dataclasses import dataclass
from typing import Any

from moorage.journeys.demo import seed
from moorage.journeys.house import House
from moorage.journeys.sign_in import log_in_by_link, make_sign_in_link
from moorage.wiring.secrets import access_tokens
from moorage.wiring.settings import Settings


@dataclass(frozen=True, slots=True)
class Demo:
    """`facts` is what demo.json says; `links` signs each role in, once."""

    facts: dict[str, Any]
    links: dict[str, str]


async def open_demo(settings: Settings, house: House) -> Demo:
    """Seed an empty database, then sign the demo's people in."""
    told = await seed(house)
    issuer = access_tokens(settings)
    tokens, links = {}, {}
    for role, email in told.emails.items():
        secret = (await make_sign_in_link(house, email)).rsplit("/", 1)[1]
        session = await log_in_by_link(house, secret)
        tokens[role] = issuer.issue(
            session.account.id, session.family_id, is_practitioner=session.practitioner_id is not None
        )
        links[role] = await make_sign_in_link(house, email)
    facts = {
        "base_url": settings.public_url(),
        "tokens": tokens,
        "practitioners": told.practitioners,
        "services": told.services,
        "client_has_booking": told.client_has_booking,
    }
    return Demo(facts, links)
