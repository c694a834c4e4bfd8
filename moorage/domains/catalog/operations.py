"""Verbs of the catalog: create and edit a service. They take a connection and never commit."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from moorage.domains.catalog.errors import PricesNeededError, ServiceTypeFixedError
from moorage.domains.catalog.policy import ServiceTerms, check_terms
from moorage.domains.catalog.queries import TERMS_COLUMNS, Service
from moorage.domains.practitioners import UnknownLocationError
from moorage.kernel.db import Connection

_NUMBERED: Final = ", ".join(f"${number}" for number in range(3, len(TERMS_COLUMNS) + 3))

_INSERT = f"INSERT INTO services (id, practitioner_id, {', '.join(TERMS_COLUMNS)}) VALUES ($1, $2, {_NUMBERED})"  # noqa: S608 - only our own column names are put in

_UPDATE = f"UPDATE services SET ({', '.join(TERMS_COLUMNS)}) = ({_NUMBERED}), is_active = $2, updated_at = now() WHERE id = $1"  # noqa: E501, S608 - as above

_DROP_OPTIONS = "DELETE FROM price_options WHERE service_id = $1"

_ADD_OPTIONS = """
INSERT INTO price_options (id, service_id, position, name, price_minor)
SELECT new_id(), $1, position, name, price_minor
  FROM unnest($2::text[], $3::bigint[]) WITH ORDINALITY AS given (name, price_minor, position)
"""

_OWN_LOCATION = "SELECT 1 FROM practitioner_locations WHERE id = $1 AND practitioner_id = $2"


async def create_service(db: Connection, service_id: UUID, practitioner_id: UUID, terms: ServiceTerms) -> None:
    """Add a service to the asker's own practitioner. Raises what `check_terms` does, and UnknownLocationError."""
    check_terms(terms)
    await _check_location(db, practitioner_id, terms.location_id)
    await db.execute(_INSERT, service_id, practitioner_id, *_values(terms))
    await _write_options(db, service_id, terms)


async def edit_service(
    db: Connection, service: Service, changes: Mapping[str, Any], *, is_active: bool | None = None
) -> None:
    """Change a locked service: `changes` are fields of ServiceTerms, the others stay; bookings keep the terms they
    were made under. Raises as `create_service`, and ServiceTypeFixedError, PricesNeededError.
    """
    before, terms = service.terms, replace(service.terms, **changes)
    if terms.service_type != before.service_type:
        raise ServiceTypeFixedError(pointer="/service_type")
    if terms.currency != before.currency:
        _refuse_amounts_left(before, changes)
    check_terms(terms)
    await _check_location(db, service.practitioner_id, terms.location_id)
    await db.execute(_UPDATE, service.id, service.is_active if is_active is None else is_active, *_values(terms))
    if terms.options != before.options:
        await db.execute(_DROP_OPTIONS, service.id)
        await _write_options(db, service.id, terms)


def _refuse_amounts_left(before: ServiceTerms, changes: Mapping[str, Any]) -> None:
    """An amount left as it was is of the old currency, whose minor units may be other ones."""
    amounts = {
        "price_minor": ("/price", True),
        "options": ("/price_options", bool(before.options)),
        "deposit_minor": ("/deposit_amount", before.deposit_minor is not None),
    }
    for field, (pointer, has_amount) in amounts.items():
        if has_amount and field not in changes:
            raise PricesNeededError(pointer=pointer)


async def _check_location(db: Connection, practitioner_id: UUID, location_id: UUID | None) -> None:
    if location_id is not None and await db.fetchval(_OWN_LOCATION, location_id, practitioner_id) is None:
        raise UnknownLocationError(pointer="/location_id")


async def _write_options(db: Connection, service_id: UUID, terms: ServiceTerms) -> None:
    if terms.options:
        names, prices = zip(*((option.name, option.price_minor) for option in terms.options), strict=True)
        await db.execute(_ADD_OPTIONS, service_id, names, prices)


def _values(terms: ServiceTerms) -> list[object]:
    return [getattr(terms, name) for name in TERMS_COLUMNS]
