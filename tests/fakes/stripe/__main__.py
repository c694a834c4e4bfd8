"""Stripe's fake by hand: `python -m tests.fakes.stripe --port 12111 --webhook-url http://127.0.0.1:8000/webhooks/stripe`.

Prints the settings with which an installation takes it for Stripe. A session is paid at its url; an intent by
`POST /fake/pay {"reference": "pi_…", "card": "4242424242424242"}`.
"""

import argparse
import asyncio

from tests.fakes.serving import serving
from tests.fakes.stripe.fake import SECRET_KEY, WEBHOOK_SECRET, StripeFake


async def run(arguments: argparse.Namespace) -> None:
    """Serve until interrupted; webhooks go out at once, and are tried again while nobody takes them."""
    fake = StripeFake(
        secret_key=arguments.secret_key,
        webhook_secret=arguments.webhook_secret,
        webhook_url=arguments.webhook_url,
        at_once=True,
    )
    async with serving(fake.served, port=arguments.port) as base_url:
        fake.state.base_url = base_url
        settings = {
            "STRIPE_SECRET_KEY": fake.secret_key,
            "STRIPE_PUBLISHABLE_KEY": "pk_test_fake",
            "STRIPE_WEBHOOK_SECRET": arguments.webhook_secret,
            "STRIPE_BASE_URL": base_url,
        }
        print("\n".join(f"{name}={value}" for name, value in settings.items()), flush=True)  # noqa: T201 - its purpose
        while True:
            await asyncio.sleep(arguments.ripens_every_s)
            fake.ripen()
            if fake.webhook_url is not None and fake.deliveries.queue:
                await fake.deliveries.deliver()


def main() -> None:
    """Read the command line and serve."""
    asked = argparse.ArgumentParser(description="Stripe's fake on 127.0.0.1")
    asked.add_argument("--port", type=int, default=12111)
    asked.add_argument("--secret-key", default=SECRET_KEY)
    asked.add_argument("--webhook-url")
    asked.add_argument("--webhook-secret", default=WEBHOOK_SECRET)
    asked.add_argument("--ripens-every-s", type=float, default=5.0)
    try:
        asyncio.run(run(asked.parse_args()))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
