"""Payouts that are on their way for long: what an event should have told is asked for."""

import logging
from datetime import timedelta
from typing import Final, cast

from moorage.domains.payments.facets import TransferGateway
from moorage.domains.payments.gateway import OutcomeUnknownError, ProviderDeclinedError
from moorage.domains.payouts import operations, queries
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM

LONG: Final = timedelta(hours=1)
AT_ONCE: Final = 100

log = logging.getLogger(__name__)


async def follow_payouts(house: House) -> int:
    """Ask about every payout that has been on its way for an hour or more. Answers how many have moved. A provider that
    does not answer is asked again next time.
    """
    moved = 0
    async with house.database.reading(SYSTEM) as db:
        waiting = await queries.long_in_transit(db, LONG, AT_ONCE)
    for payout_id, provider in waiting:
        gateway = house.gateways.get(provider)
        if gateway is None or not gateway.capabilities.transfers:
            continue
        try:
            present = await cast("TransferGateway", gateway).find_transfer(payout_id)
        except (OutcomeUnknownError, ProviderDeclinedError) as error:
            log.warning("a payout could not be asked about", extra={"payout_id": str(payout_id), "error": error.code})
            continue
        if present is not None:
            async with house.database.transaction(SYSTEM) as db:
                moved += await operations.record(db, payout_id, present) == "moved"
    return moved
