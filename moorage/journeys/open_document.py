"""An invoice or a quote is opened by its link, by whoever has it, for as long as links work."""

from datetime import datetime

from moorage.domains.invoicing import queries
from moorage.domains.invoicing.errors import LinkExpiredError
from moorage.domains.invoicing.links import subject_of
from moorage.domains.invoicing.policy import INVOICE_LINK, QUOTE_LINK
from moorage.domains.invoicing.queries import InvoiceRow, QuoteRow
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import NotFoundError


async def open_invoice(house: House, link: str) -> InvoiceRow:
    """The invoice that this link opens; a draft has not left the house. Raises NotFoundError, LinkExpiredError."""
    subject, found = subject_of(link), None
    if subject is not None:
        async with house.database.reading(SYSTEM) as db:
            found = await queries.invoice(db, subject, house.clock())
    if found is None or found.issued_at is None or not house.links.opens(link, found):
        raise NotFoundError("There is no such invoice.")
    _check_time(house, found.issued_at + INVOICE_LINK)
    return found


async def open_quote(house: House, link: str) -> QuoteRow:
    """The quote that this link opens. Raises NotFoundError, LinkExpiredError."""
    subject, found = subject_of(link), None
    if subject is not None:
        async with house.database.reading(SYSTEM) as db:
            found = await queries.quote(db, subject, house.clock())
    if found is None or not house.links.opens(link, found):
        raise NotFoundError("There is no such quote.")
    _check_time(house, found.expires_at + QUOTE_LINK)
    return found


def _check_time(house: House, ends_at: datetime) -> None:
    if ends_at <= house.clock():
        raise LinkExpiredError
