"""The table of tax rates: whoever runs this installation writes them, and the settings say which one is ours."""

from dataclasses import dataclass
from typing import Final

from moorage.domains.invoicing.operations import choose_own_rate
from moorage.domains.invoicing.operations import set_tax_rate as write_rate
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM

_RATES: Final = "SELECT country, region, name, bps, inclusive, applies FROM tax_rates ORDER BY country, region"


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A rate of the table, in basis points. `applies`: it is the one for our own sales."""

    country: str
    region: str
    name: str
    bps: int
    inclusive: bool
    applies: bool = False


async def set_tax_rate(house: House, rate: TaxRate) -> list[TaxRate]:
    """Write a rate in place of the one for the same country and region; answers the whole table."""
    async with house.database.transaction(SYSTEM) as db:
        await write_rate(
            db,
            house.ids(),
            country=rate.country,
            region=rate.region,
            name=rate.name,
            bps=rate.bps,
            inclusive=rate.inclusive,
        )
    await apply_tax_settings(house)
    return await tax_rates(house)


async def tax_rates(house: House) -> list[TaxRate]:
    """The whole table."""
    async with house.database.reading(SYSTEM) as db:
        return [TaxRate(**row) for row in await db.fetch(_RATES)]


async def apply_tax_settings(house: House) -> int | None:
    """Have the rate apply that the settings name; answers its basis points, None when the table has none. Told at
    every start.
    """
    async with house.database.transaction(SYSTEM) as db:
        return await choose_own_rate(db, house.invoicing.tax_country, house.invoicing.tax_region)
