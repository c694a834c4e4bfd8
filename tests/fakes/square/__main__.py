"""Run the fake by hand: `python -m tests.fakes.square --port 8901 --webhook-url http://127.0.0.1:8000/webhooks/square`.

Prints the settings with which an installation takes it for Square. A link's page takes 4111 1111 1111 1111 (paid) and
4000 0000 0000 0002 (declined).
"""

from tests.fakes import by_hand
from tests.fakes.square.fake import LOCATION, SIGNATURE_KEY, TOKEN, FakeSquare


async def _stand(port: int, webhook_url: str, currency: str) -> None:
    async with FakeSquare(registered_url=webhook_url, currency=currency, at_once=True).serving(port) as fake:
        await by_hand.stand(
            {
                "SQUARE_ACCESS_TOKEN": TOKEN,
                "SQUARE_LOCATION_ID": LOCATION,
                "SQUARE_APPLICATION_ID": "sandbox-sq0idb-fake",
                "SQUARE_WEBHOOK_SIGNATURE_KEY": SIGNATURE_KEY,
                "SQUARE_WEBHOOK_URL": webhook_url,
                "SQUARE_MERCHANT_ID": fake.books.merchant_id,
                "SQUARE_BASE_URL": fake.base_url,
            }
        )


if __name__ == "__main__":
    asked = by_hand.options("square")
    asked.add_argument("--currency", default="GBP")
    told = asked.parse_args()
    by_hand.run(_stand(told.port, told.webhook_url, told.currency))
