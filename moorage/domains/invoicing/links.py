"""The links that open an invoice or a quote without an account: derived, so that none of them is kept anywhere.

A link is base64url of 32 bytes: the document's id, and the first 16 bytes of an HMAC-SHA-256 of its kind, its id and
its nonce, under a key made from SECRET_KEY. The tables have the id and the nonce: who reads a backup can open nothing
with them, and who changes the nonce of a row withdraws its link.
"""

import base64
import hmac
import re
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, Protocol
from uuid import UUID

Kind = Literal["i", "q"]

_ID_BYTES: Final = 16
_MAC_BYTES: Final = 16
_LINK_CHARS: Final = 43
_KEPT: Final = re.compile(r"invoice:([\w-]{43})(?![\w-])", re.ASCII)


class Document(Protocol):
    """What a link opens. `kind` is the first part of its page's path: an invoice's or a quote's."""

    @property
    def kind(self) -> Kind:
        """Which table it is of."""

    @property
    def id(self) -> UUID:
        """Its id."""

    @property
    def link_nonce(self) -> bytes:
        """16 random bytes; other ones make another link."""


@dataclass(frozen=True, slots=True)
class InvoiceRef:
    """An invoice, as far as its link goes."""

    kind: ClassVar[Kind] = "i"

    id: UUID
    link_nonce: bytes


class DocumentLinks:
    """Makes links and checks them. One per process; knows its keys, never the database."""

    def __init__(self, secret: str, previous_secret: str | None = None) -> None:
        """Links are made under `secret`; those made under `previous_secret` open still."""
        self._keys = [_key(one) for one in (secret, previous_secret) if one]

    def of(self, document: Document) -> str:
        """The link, 43 characters: the last part of the page's path."""
        return _link(self._keys[0], document)

    def path(self, document: Document) -> str:
        """The path of the document's page, below this installation's address."""
        return f"/{document.kind}/{self.of(document)}"

    def opens(self, link: str, document: Document) -> bool:
        """Whether `link` is this document's, under the secret of now or the previous one."""
        given = link.encode("utf-8", "replace")
        return any(hmac.compare_digest(_link(key, document).encode(), given) for key in self._keys)

    def revealed(self, address: str, public_url: str) -> str:
        """An address that was kept, as it is followed: an invoice's page in place of what `kept_address` put there; any
        other as it is.
        """
        found = _KEPT.match(address)
        if found is None:
            return address
        said = _decoded(found[1])
        invoice = InvoiceRef(UUID(bytes=said[:_ID_BYTES]), said[_ID_BYTES:])
        return public_url + self.path(invoice) + address[found.end() :]


def kept_address(invoice: InvoiceRef) -> str:
    """The address of an invoice's page as rows keep it, of which `revealed` makes the one to follow: the id and the
    nonce, which the tables have anyway. It is no web address, so that nobody can have one of their own revealed.
    """
    return f"invoice:{_encoded(invoice.id.bytes + invoice.link_nonce)}"


def subject_of(link: str) -> UUID | None:
    """The id of the document that a link says it is for; None where it is no link at all. Nothing is checked by it."""
    if len(link) != _LINK_CHARS or not link.isascii():
        return None
    try:
        return UUID(bytes=_decoded(link)[:_ID_BYTES])
    except ValueError:
        return None


def _key(secret: str) -> bytes:
    # Of its own, so that no link is ever a signature of something else.
    return hmac.digest(secret.encode(), b"links to documents", "sha256")


def _link(key: bytes, document: Document) -> str:
    mac = hmac.digest(key, document.kind.encode() + document.id.bytes + document.link_nonce, "sha256")
    return _encoded(document.id.bytes + mac[:_MAC_BYTES])


def _encoded(said: bytes) -> str:
    return base64.urlsafe_b64encode(said).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=")
