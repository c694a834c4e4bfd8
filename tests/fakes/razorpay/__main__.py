"""Run the fake by hand: `python -m tests.fakes.razorpay --port 8902 --webhook-url http://…/webhooks/razorpay`.

Prints the settings with which an installation takes it for Razorpay. An order is paid at /checkout/{its id}, by
success@razorpay (paid) or failure@razorpay (refused).
"""

from tests.fakes import by_hand
from tests.fakes.razorpay.fake import KEY_ID, KEY_SECRET, WEBHOOK_SECRET, FakeRazorpay


async def _stand(port: int, webhook_url: str) -> None:
    async with FakeRazorpay(webhook_url=webhook_url, at_once=True).serving(port) as fake:
        await by_hand.stand(
            {
                "RAZORPAY_KEY_ID": KEY_ID,
                "RAZORPAY_KEY_SECRET": KEY_SECRET,
                "RAZORPAY_WEBHOOK_SECRET": WEBHOOK_SECRET,
                "RAZORPAY_ACCOUNT_ID": fake.books.account_id,
                "RAZORPAY_BASE_URL": fake.base_url,
            }
        )


if __name__ == "__main__":
    told = by_hand.options("razorpay").parse_args()
    by_hand.run(_stand(told.port, told.webhook_url))
