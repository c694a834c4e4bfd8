"""Public links of invoices and quotes: derived, nowhere at rest, withdrawn by their row, and ending after a time."""

import base64
import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from moorage.domains.invoicing.errors import LinkExpiredError
from moorage.domains.invoicing.policy import INVOICE_LINK, QUOTE_LINK
from moorage.domains.notifications.operations import mark_mail
from moorage.journeys.accept_quote import accept_quote, decline_quote, read_quote
from moorage.journeys.open_document import open_invoice, open_quote
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import NotFoundError
from moorage.kernel.ids import uuid7
from tests.support.documents import issue, offer, paid_on_the_page

# Every row of our own tables as text. The sandbox's are the provider's, to which the payer's way back is told.
TABLES = (
    "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
)


async def places_with(db, link):
    """The tables in which what the key makes of a document stands anywhere: as text, or as the bytes of either."""
    text = link[22:]
    forms = [text, text.encode().hex(), base64.urlsafe_b64decode(link + "=")[16:].hex()]
    wanted = "SELECT count(*) FROM {} t, unnest($1::text[]) AS form WHERE strpos(t::text, form) > 0"
    tables = [row[0] for row in await db.fetch(TABLES)]
    return {table for table in tables if await db.fetchval(wanted.format(table), forms)}


async def test_a_link_opens_its_own_document_and_no_other_kind(shop):
    invoice, quote = await issue(shop), await offer(shop)
    get, links = shop.town.payer.get, shop.house.links
    for path in (links.path(invoice), links.path(invoice) + ".pdf", links.path(quote)):
        assert (await get(path)).status_code == 200, path
    for path in (f"/q/{links.of(invoice)}", f"/i/{links.of(quote)}", f"/i/{links.of(quote)}.pdf"):
        assert (await get(path)).status_code == 404, path
    for document in (invoice, quote):
        path = links.path(document)
        for at in (3, 20, 30, len(path) - 1):
            changed = path[:at] + ("A" if path[at] != "A" else "B") + path[at + 1 :]
            assert (await get(changed)).status_code == 404, changed


async def test_a_quote_is_answered_by_its_own_link_alone(shop):
    quote, other, links = await offer(shop), await offer(shop), shop.house.links
    for link in (links.of(other), links.of(quote)[:-1], "wrong"):
        with pytest.raises(NotFoundError):
            await accept_quote(shop.house, SYSTEM, quote.id, invoice_id=uuid7(), link=link)
        with pytest.raises(NotFoundError):
            await decline_quote(shop.house, SYSTEM, quote.id, link=link)
    assert (await read_quote(shop.house, quote.id)).status == "open"
    # Whoever has the link needs no account, and one of somebody else's is no obstacle.
    accepted = await accept_quote(shop.house, shop.actor, quote.id, invoice_id=uuid7(), link=links.of(quote))
    assert accepted.quote.status == "accepted"


async def test_no_row_of_ours_has_a_link_or_what_the_key_makes_of_it(shop):
    invoice, quote = await issue(shop), await offer(shop)
    links = shop.house.links
    await paid_on_the_page(shop, f"{links.path(invoice)}/pay")
    await shop.settle()
    accepted = await accept_quote(shop.house, SYSTEM, quote.id, invoice_id=uuid7(), link=links.of(quote))
    # Mails have it until they have left; and a provider may tell in its events what it was told.
    for document, places in ((invoice, {"webhook_events"}), (quote, set()), (accepted.invoice, set())):
        assert await places_with(shop.db, links.of(document)) == places | {"mails"}
    mails = await shop.db.fetch("SELECT id FROM mails")
    async with shop.house.database.transaction(SYSTEM) as db:
        for mail in mails:
            await mark_mail(db, mail["id"], "sent", None)
    for document, places in ((invoice, {"webhook_events"}), (quote, set()), (accepted.invoice, set())):
        assert await places_with(shop.db, links.of(document)) == places
    assert (await shop.value("SELECT return_url FROM payments")).startswith("invoice:")


async def test_a_link_is_withdrawn_by_another_nonce_and_the_new_one_works(shop):
    invoice, get, links = await issue(shop), shop.town.payer.get, shop.house.links
    old = links.path(invoice)
    nonce = await shop.value("UPDATE invoices SET link_nonce = DEFAULT WHERE id = $1 RETURNING link_nonce", invoice.id)
    assert (await get(old)).status_code == 404
    assert (await get(links.path(dataclasses.replace(invoice, link_nonce=nonce)))).status_code == 200


async def test_an_expired_link_says_so_and_where_to_get_another(shop):
    invoice, quote, links = await issue(shop), await offer(shop), shop.house.links

    def later(when):
        return dataclasses.replace(shop.house, clock=lambda: when)

    for opened, link, ends_at in (
        (open_invoice, links.of(invoice), invoice.issued_at + INVOICE_LINK),
        (open_quote, links.of(quote), quote.expires_at + QUOTE_LINK),
    ):
        assert await opened(later(ends_at - timedelta(seconds=1)), link)
        with pytest.raises(LinkExpiredError):
            await opened(later(ends_at), link)
    await shop.db.execute("UPDATE quotes SET expires_at = $1", datetime.now(UTC) - QUOTE_LINK)
    path = links.path(quote)
    post = shop.town.payer.post
    for answer in (await shop.town.payer.get(path), await post(f"{path}/accept"), await post(f"{path}/decline")):
        assert (answer.status_code, "This link has expired" in answer.text, "/portal" in answer.text) == (
            410,
            True,
            True,
        )
