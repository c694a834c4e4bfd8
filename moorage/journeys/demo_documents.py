"""The demo's client has an invoice to pay and a quote to answer, so that both pages can be seen at once."""

from moorage.domains.accounts.queries import account_by_email
from moorage.domains.invoicing import queries
from moorage.domains.invoicing.policy import InvoiceLine, Recipient
from moorage.domains.invoicing.queries import DocumentFilter
from moorage.journeys.accept_quote import NewQuote, make_quote
from moorage.journeys.demo_content import CLIENT
from moorage.journeys.house import House
from moorage.journeys.issue_invoice import NewInvoice, issue_invoice
from moorage.kernel.db import SYSTEM

_DINNER = (
    InvoiceLine("Dinner for eight: four courses of the season", 48_000, tax_bps=2_000),
    InvoiceLine("Travel, per mile", 45, 60, tax_bps=0),
)
_LUNCH = (InvoiceLine("Lunch for twelve in the garden", 3_200, 12, tax_bps=2_000),)


async def seed_documents(house: House) -> dict[str, str]:
    """Issue the invoice and make the quote, unless the client has some; answers where the newest of each are."""
    async with house.database.reading(SYSTEM) as db:
        client = await account_by_email(db, CLIENT.email)
        if client is None:
            return {}
        wanted = DocumentFilter(customer_id=client.id, limit=1)
        invoices, _ = await queries.invoices(db, wanted, house.clock())
        quotes, _ = await queries.quotes(db, wanted, house.clock())
    whom = Recipient(client.id, name=f"{client.first_name} {client.last_name}".strip())
    invoice = (
        invoices[0] if invoices else await issue_invoice(house, SYSTEM, NewInvoice(house.ids(), whom, "GBP", _DINNER))
    )
    quote = quotes[0] if quotes else await make_quote(house, SYSTEM, NewQuote(house.ids(), whom, "GBP", _LUNCH))
    return {
        "invoice": house.public_url + house.links.path(invoice),
        "quote": house.public_url + house.links.path(quote),
    }
