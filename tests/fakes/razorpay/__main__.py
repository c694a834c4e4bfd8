"""Run the fake by hand: `python -m tests.fakes.razorpay --port 8902 --webhook-url http://…/webhooks/razorpay`.

Prints the settings with which an installation takes it for Razorpay. An order is paid at /checkout/{its id}, by
success@razorpay (paid) or failure@razorpay (refused).
"""

import argparse
import asyncio

from tests.fakes.razorpay.fake import KEY_ID, KEY_SECRET, WEBHOOK_SECRET, FakeRazorpay


async def _run(port: int, webhook_url: str) -> None:
    async with FakeRazorpay(webhook_url=webhook_url, at_once=True).serving(port) as fake:
        settings = {
            "RAZORPAY_KEY_ID": KEY_ID,
            "RAZORPAY_KEY_SECRET": KEY_SECRET,
            "RAZORPAY_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "RAZORPAY_BASE_URL": fake.base_url,
        }
        print("\n".join(f"{name}={value}" for name, value in settings.items()), flush=True)  # noqa: T201 - its purpose
        await asyncio.Event().wait()


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description="A fake of Razorpay")
    asked.add_argument("--port", type=int, default=0)
    asked.add_argument("--webhook-url", default="http://127.0.0.1:8000/webhooks/razorpay")
    told = asked.parse_args()
    asyncio.run(_run(told.port, told.webhook_url))
