"""Links are derived from the row and a key: each opens its own document, as it is written, under this key alone."""

import base64
from datetime import UTC, datetime

from moorage.domains.invoicing.links import DocumentLinks, InvoiceRef, kept_address, subject_of
from moorage.domains.invoicing.portal import PaidRow
from moorage.kernel.ids import uuid7

LINKS = DocumentLinks("a key of sixteen and more", "the key before")
INVOICE = InvoiceRef(uuid7(), b"n" * 16)


class QuoteOf:
    """A quote with the id and nonce of an invoice."""

    kind = "q"

    def __init__(self, invoice):
        self.id, self.link_nonce = invoice.id, invoice.link_nonce


def test_a_link_names_its_document_and_has_128_bits_that_only_the_key_makes():
    link = LINKS.of(INVOICE)
    said = base64.urlsafe_b64decode(link + "=")
    assert (len(link), said[:16], len(said[16:])) == (43, INVOICE.id.bytes, 16)
    assert subject_of(link) == INVOICE.id
    assert LINKS.path(INVOICE) == f"/i/{link}"
    assert LINKS.opens(link, INVOICE)
    assert not DocumentLinks("another key").opens(link, INVOICE)


def test_a_link_opens_no_other_kind_no_other_row_and_nothing_once_its_nonce_is_another():
    link = LINKS.of(INVOICE)
    for other in (QuoteOf(INVOICE), InvoiceRef(uuid7(), INVOICE.link_nonce), InvoiceRef(INVOICE.id, b"m" * 16)):
        assert not LINKS.opens(link, other)
        assert LINKS.of(other) != link


def test_a_link_with_any_one_character_changed_is_another_link():
    link = LINKS.of(INVOICE)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=é "
    changed = [link[:at] + one + link[at + 1 :] for at in range(len(link)) for one in alphabet if one != link[at]]
    assert not any(LINKS.opens(one, INVOICE) for one in [*changed, "", link + "=", link[:-1]])
    assert [subject_of(one) for one in ("", link[:-1], link + "A", "é" * 43, "!" * 43)] == [None] * 5


def test_links_made_under_the_previous_key_open_still_and_new_ones_are_made_under_the_key_of_now():
    before = DocumentLinks("the key before")
    assert LINKS.opens(before.of(INVOICE), INVOICE)
    assert LINKS.of(INVOICE) != before.of(INVOICE)
    assert not DocumentLinks("a key of sixteen and more").opens(before.of(INVOICE), INVOICE)


def test_what_a_row_keeps_of_an_address_has_no_link_and_becomes_one_when_it_is_followed():
    kept = kept_address(INVOICE) + "?payment=1"
    assert LINKS.of(INVOICE)[22:] not in kept
    assert LINKS.revealed(kept, "https://here.test") == f"https://here.test{LINKS.path(INVOICE)}?payment=1"
    for given in ("https://here.test/done", f"https://here.test/{kept}", "invoice:short", ""):
        assert LINKS.revealed(given, "https://here.test") == given


def test_a_payment_tells_its_invoice_where_it_has_one():
    paid = (uuid7(), "invoice", "succeeded", "card", 100, 0, "USD", datetime(2027, 3, 1, tzinfo=UTC))
    assert PaidRow(*paid, INVOICE.id, INVOICE.link_nonce).invoice == INVOICE
    assert PaidRow(*paid, None, None).invoice is None
