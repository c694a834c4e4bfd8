"""Run the fake by hand: `python -m tests.fakes.stripe --port 12111 --webhook-url http://127.0.0.1:8000/webhooks/stripe`.

Prints the settings with which an installation takes it for Stripe. A session is paid at its url; an intent by
`POST /fake/pay {"reference": "pi_…", "card": "4242424242424242"}`.
"""

import argparse
import asyncio

from tests.fakes import by_hand
from tests.fakes.serving import serving
from tests.fakes.stripe.fake import SECRET_KEY, WEBHOOK_SECRET, StripeFake


async def _stand(told: argparse.Namespace) -> None:
    """Serve until interrupted; webhooks go out at once, and are tried again while nobody takes them."""
    fake = StripeFake(
        secret_key=told.secret_key, webhook_secret=told.webhook_secret, webhook_url=told.webhook_url, at_once=True
    )
    async with serving(fake.served, port=told.port) as base_url:
        fake.state.base_url = base_url
        by_hand.tell(
            {
                "STRIPE_SECRET_KEY": fake.secret_key,
                "STRIPE_PUBLISHABLE_KEY": "pk_test_fake",
                "STRIPE_WEBHOOK_SECRET": told.webhook_secret,
                "STRIPE_BASE_URL": base_url,
            }
        )
        while True:
            await asyncio.sleep(told.ripens_every_s)
            fake.ripen()
            if fake.deliveries.queue:
                await fake.deliveries.deliver()


if __name__ == "__main__":
    asked = by_hand.options("stripe", port=12111)
    asked.add_argument("--secret-key", default=SECRET_KEY)
    asked.add_argument("--webhook-secret", default=WEBHOOK_SECRET)
    asked.add_argument("--ripens-every-s", type=float, default=5.0)
    by_hand.run(_stand(asked.parse_args()))
