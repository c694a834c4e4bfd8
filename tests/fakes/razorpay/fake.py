"""The fake as tests and people run it: the books, the API around them, and signed webhooks."""

import contextlib
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from uuid import uuid4

from tests.fakes.razorpay.app import build_app
from tests.fakes.razorpay.books import Books
from tests.fakes.serving import Deliveries, Served, serving

KEY_ID = "rzp_test_FakeRazorpay00"
KEY_SECRET = "key-secret-of-the-fake"
WEBHOOK_SECRET = "webhook-secret-of-the-fake"


class FakeRazorpay:
    """A Razorpay of our own. Webhooks go to `deliveries.url`. `base_url` is set while it is served."""

    def __init__(self, *, webhook_url: str | None = None, at_once: bool = False) -> None:
        self.deliveries = Deliveries(self.sign, webhook_url, at_once)
        self.books = Books(self.deliveries.put, KEY_SECRET)
        app = build_app(self.books, KEY_ID, KEY_SECRET)
        self.served = Served(app, "razorpay", refusal=_refusal, own=lambda path: path.startswith("/checkout/"))
        self.fault = self.served.fault
        self.calls = self.served.calls
        self.deliver = self.deliveries.deliver
        self.base_url = ""

    def clear(self) -> None:
        """Empty books, nothing on its way, nothing said and nothing going wrong."""
        self.books.clear()
        for remembered in (self.deliveries.queue, self.deliveries.sent, self.served.exchanges, self.served.faults):
            remembered.clear()

    def sign(self, body: bytes) -> Mapping[str, str]:
        """Headers of a webhook. The event's id is in a header too, which nobody signs."""
        made = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
        return {"x-razorpay-signature": made, "x-razorpay-event-id": uuid4().hex[:14]}

    def pay(self, reference: str, vpa: str = "success@razorpay") -> str:
        """The payer pays an order in Checkout; what the page then names as the payment method."""
        told = self.books.pay(reference, vpa)
        return f"{told['razorpay_payment_id']}:{told['razorpay_signature']}" if "error" not in told else ""

    @contextlib.asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator["FakeRazorpay"]:
        """Serve it while inside."""
        async with serving(self.served, port=port) as self.base_url:
            yield self


def _refusal(status: int) -> dict:
    return {"error": {"code": "SERVER_ERROR", "description": f"We are facing some trouble: {status}"}}
