"""A small marketplace to look around in: seeded into an empty database, through the verbs that everybody uses.

Every step asks first whether it was done, so that a start that was interrupted is continued by the next one.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from uuid import UUID

from moorage.domains.accounts.operations import create_user, verify_email
from moorage.domains.accounts.queries import account_by_email
from moorage.domains.availability import Schedule, expand, resolve_local
from moorage.domains.availability import operations as availability
from moorage.domains.availability import queries as times
from moorage.domains.availability.policy import zone_of
from moorage.domains.bookings.operations import HoldRequest
from moorage.domains.catalog import PriceOption, ServiceTerms
from moorage.domains.catalog import operations as catalog
from moorage.domains.catalog import queries as services
from moorage.domains.practitioners import operations as practitioners
from moorage.journeys.book_and_pay import confirm_without_payment, start_checkout
from moorage.journeys.collect_payment import confirm_payment
from moorage.journeys.demo_content import CLIENT, OWNER, PRACTICES, Dates, Offer, Person, Practice
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM, Actor, Connection
from moorage.kernel.errors import MoorageError

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('moorage.demo'))"

_IS_EMPTY = "SELECT NOT EXISTS (SELECT FROM users)"

_PRACTITIONER_OF = "SELECT id, verification_status FROM practitioners WHERE user_id = $1"

_SERVICE_OF = "SELECT id FROM services WHERE practitioner_id = $1 AND title = $2"

_COMING_BOOKING = """
SELECT b.id, b.status, y.id AS payment_id, y.provider, p.user_id AS practitioner_user
  FROM bookings b
  JOIN practitioners p ON p.id = b.practitioner_id
  LEFT JOIN payments y ON y.purpose LIKE 'booking%' AND y.purpose_id = b.id
 WHERE b.client_id = $1 AND b.starts_at > $2
   AND (b.status = 'confirmed' OR (b.status = 'pending' AND b.hold_expires_at > now()))
 LIMIT 1
"""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class DemoFacts:
    """Whom the demo is told about: the addresses of owner, practitioner and client (by these names; empty where the
    database is somebody's own), and the ids of practitioners and services, those of `practitioner` first.
    """

    emails: dict[str, str] = field(default_factory=dict)
    practitioners: list[str] = field(default_factory=list)
    services: list[str] = field(default_factory=list)
    client_has_booking: bool = False


async def seed(house: House) -> DemoFacts:
    """Fill an empty database, or read what an earlier start filled in; another's database is left alone."""
    async with house.database.transaction(SYSTEM) as first:
        await first.execute(_ONE_AT_A_TIME)  # held until all of it is done; two starts at once seed once
        if await account_by_email(first, OWNER.email) is None and not await first.fetchval(_IS_EMPTY):
            return DemoFacts()
        owner_id = await _account(house, OWNER, is_admin=True)
        client_id = await _account(house, CLIENT)
        facts = DemoFacts({"owner": OWNER.email, "practitioner": PRACTICES[0].person.email, "client": CLIENT.email})
        for practice in PRACTICES:
            practitioner_id = await _practitioner(house, practice, Actor(owner_id))
            facts.practitioners.append(str(practitioner_id))
            user_id = await _account(house, practice.person)
            for offer in practice.offers:
                service_id = await _service(house, Actor(user_id), practitioner_id, practice, offer)
                facts.services.append(str(service_id))
        doula, visit = UUID(facts.practitioners[0]), UUID(facts.services[0])
        facts.client_has_booking = await _hold_tomorrow(house, client_id, doula, visit)
        return facts


async def pay_for_booking(house: House) -> None:
    """The client pays for the held time with the sandbox's card: once the sandbox, which is reached over HTTP like any
    other provider, takes requests. With another provider, where nobody should be charged, the practitioner confirms.
    """
    async with house.database.transaction(SYSTEM) as db:
        client = await account_by_email(db, CLIENT.email)
        booking = None if client is None else await db.fetchrow(_COMING_BOOKING, client.id, house.clock())
    if client is None or booking is None or booking["status"] != "pending":
        return
    try:
        if booking["provider"] == "sandbox":
            await confirm_payment(house, Actor(client.id), booking["payment_id"], "pm_card_visa")
        else:
            await confirm_without_payment(house, booking["id"], by=booking["practitioner_user"])
    except MoorageError:  # the hold runs out, and the next start makes another booking
        log.exception("the demo's booking could not be paid")


async def _account(house: House, person: Person, *, is_admin: bool = False) -> UUID:
    async with house.database.transaction(SYSTEM) as db:
        account = await account_by_email(db, person.email)
        if account is not None:
            return account.id
        user_id = house.ids()
        await create_user(
            db,
            user_id,
            email=person.email,
            password_hash=None,
            first_name=person.first_name,
            last_name=person.last_name,
            role="admin" if is_admin else "user",
        )
        await verify_email(db, user_id)
        return user_id


async def _practitioner(house: House, practice: Practice, owner: Actor) -> UUID:
    """Apply with hours and places; the owner verifies last, so that who is verified is complete."""
    user_id = await _account(house, practice.person)
    async with house.database.transaction(Actor(user_id)) as db:
        row = await db.fetchrow(_PRACTITIONER_OF, user_id)
        practitioner_id: UUID = row["id"] if row else await practitioners.apply(db, house.ids(), practice.profile)
        if row is None:
            await practitioners.replace_locations(db, practitioner_id, practice.places, house.ids)
            schedule = Schedule(practice.profile.timezone, practice.hours)
            await availability.replace_schedule(db, practitioner_id, schedule)
    if row is None or row["verification_status"] == "pending":
        async with house.database.transaction(owner) as db:
            await practitioners.decide(db, practitioner_id, "verified", None, house.public_url)
            if practice.is_featured:
                await practitioners.set_terms(db, practitioner_id, is_featured=True, commission_bps=None)
            if practice.is_house:
                await practitioners.set_house(db, practitioner_id, is_house=True)
    return practitioner_id


async def _service(house: House, actor: Actor, practitioner_id: UUID, practice: Practice, offer: Offer) -> UUID:
    async with house.database.transaction(actor) as db:
        existing: UUID | None = await db.fetchval(_SERVICE_OF, practitioner_id, offer.terms["title"])
        if existing is not None:
            return existing
        service_id = house.ids()
        await catalog.create_service(db, service_id, practitioner_id, await _terms(db, offer))
        if offer.dates is not None:
            starts = _starts(house, offer.dates, practice.profile.timezone)
            await availability.create_sessions(db, service_id, starts, house.ids, skip_conflicts=True)
        return service_id


async def _terms(db: Connection, offer: Offer) -> ServiceTerms:
    category_id = await services.find_category(db, offer.category)
    options = tuple(PriceOption(name, price) for name, price in offer.terms.get("options", ()))
    return ServiceTerms(**{**offer.terms, "options": options, "category_id": category_id})


def _starts(house: House, dates: Dates, timezone: str) -> list[datetime]:
    zone = zone_of(timezone)
    day = house.clock().astimezone(zone).date() + timedelta(days=dates.days_ahead)
    day += timedelta(days=(dates.weekday - day.weekday()) % 7)
    first = resolve_local(datetime.combine(day, time.fromisoformat(dates.start)), timezone)
    return expand(first, dates.rrule, zone)


async def _hold_tomorrow(house: House, client_id: UUID, practitioner_id: UUID, service_id: UUID) -> bool:
    """The client holds one of the practitioner's free times tomorrow; False when there is none."""
    async with house.database.transaction(SYSTEM) as db:
        now = house.clock()
        if await db.fetchval(_COMING_BOOKING, client_id, now) is not None:
            return True
        timing = await times.get_timing(db, service_id, practitioner_id)
        assert timing is not None  # noqa: S101 - made above
        zone = zone_of(timing.timezone)
        midnight = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time.min, zone)
        starts = await times.list_starts(db, service_id, midnight, midnight + timedelta(days=1), now)
    if not starts:
        return False
    request = HoldRequest(
        house.ids(),
        client_id,
        None,
        service_id,
        house.ids(),
        house.ids(),
        house.terms.default_provider,
        starts_at=starts[min(2, len(starts) - 1)],
        special_requests="The bell is broken, please knock.",
    )
    try:
        await start_checkout(house, request)
    except MoorageError:  # a demo without its booking is still a demo
        log.exception("the demo's booking could not be made")
        return False
    return True
