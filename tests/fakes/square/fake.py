"""The fake as tests and people run it: the books, the API around them, and signed webhooks."""

import contextlib
import hashlib
import hmac
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping

import httpx

from tests.fakes.serving import Deliveries, Served, serving
from tests.fakes.square.app import build_app
from tests.fakes.square.books import Books

TOKEN = "EAAA-token-of-the-fake"
LOCATION = "LFAKE"
SIGNATURE_KEY = "signature-key-of-the-fake"


class FakeSquare:
    """A Square of our own. Webhooks are signed for the address that was registered and sent to `deliveries.url`.
    `base_url` is set while it is served.
    """

    def __init__(self, *, registered_url: str, currency: str = "GBP", at_once: bool = False) -> None:
        self.registered_url, self._currency = registered_url, currency
        self.deliveries = Deliveries(self.sign, registered_url, at_once)
        self.books = Books(self.deliveries.put, LOCATION, "MFAKE", currency)
        self.served = Served(
            build_app(self.books, TOKEN), "square", refusal=_refusal, own=lambda path: path.startswith("/pay/")
        )
        self.fault = self.served.fault
        self.calls = self.served.calls
        self.deliver = self.deliveries.deliver
        self.base_url = ""

    def clear(self) -> None:
        """Empty books, nothing on its way, nothing said and nothing going wrong."""
        self.books.clear()
        self.books.currency = self._currency
        for remembered in (self.deliveries.queue, self.deliveries.sent, self.served.exchanges, self.served.faults):
            remembered.clear()

    def sign(self, body: bytes) -> Mapping[str, str]:
        """Headers of a webhook: the address is part of what is signed."""
        message = self.registered_url.encode() + body
        made = b64encode(hmac.new(SIGNATURE_KEY.encode(), message, hashlib.sha256).digest()).decode()
        return {"x-square-hmacsha256-signature": made}

    async def pay(self, reference: str, card: str = "4111111111111111") -> int:
        """The payer types a card into the page of an order's payment link; the page's status (303: paid)."""
        link = next(link for link in self.books.links.values() if link["order_id"] == reference)
        async with httpx.AsyncClient(trust_env=False) as payer:
            return (await payer.post(link["url"], data={"number": card})).status_code

    @contextlib.asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator["FakeSquare"]:
        """Serve it while inside."""
        async with serving(self.served, port=port) as self.base_url:
            yield self


def _refusal(status: int) -> dict:
    return {"errors": [{"category": "API_ERROR", "code": "INTERNAL_SERVER_ERROR", "detail": f"faulty: {status}"}]}
