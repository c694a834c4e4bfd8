"""The demo's people and what they are given at each start: access tokens, and links that sign in by one click."""

from dataclasses import dataclass
from typing import Any

from moorage.domains.accounts.queries import account_by_email
from moorage.journeys.demo import seed
from moorage.journeys.demo_content import CLIENT, OWNER
from moorage.journeys.demo_documents import seed_documents
from moorage.journeys.house import House
from moorage.journeys.sign_in import log_in_by_link, make_sign_in_link
from moorage.kernel.db import SYSTEM
from moorage.web.tokens import AccessTokens
from moorage.wiring.secrets import access_tokens
from moorage.wiring.settings import Settings


@dataclass(frozen=True, slots=True)
class Demo:
    """`facts` is what demo.json says; `links` signs each role in, once."""

    facts: dict[str, Any]
    links: dict[str, str]


async def accept_demo_tokens(settings: Settings, house: House, tokens: AccessTokens) -> None:
    """Let the literal tokens in as the demo's client and owner: in development, where the demo's data is."""
    if settings.environment != "development":
        return
    async with house.database.reading(SYSTEM) as db:
        for token, person in (("dev-token", CLIENT), ("admin-token", OWNER)):
            account = await account_by_email(db, person.email)
            if account is not None and account.is_active:
                tokens.accept_literal(token, account.id)


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
        "documents": await seed_documents(house) if told.emails else {},
    }
    return Demo(facts, links)
