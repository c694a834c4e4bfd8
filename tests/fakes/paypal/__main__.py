"""Run the fake by hand: `python -m tests.fakes.paypal --port 9002 --webhook-url http://127.0.0.1:8000/webhooks/paypal`.

Prints the settings with which an installation takes it for PayPal.
"""

import argparse
import asyncio
from pathlib import Path

from tests.fakes import by_hand
from tests.fakes.paypal.fake import PaypalFake
from tests.fakes.serving import serving


async def _stand(told: argparse.Namespace) -> None:
    fake = PaypalFake(told.client_id, told.client_secret, told.webhook_id)
    fake.sends_to(told.webhook_url, at_once=True)
    if told.ca_file:
        await asyncio.to_thread(told.ca_file.write_bytes, fake.signer.authority.pem)
    async with serving(fake.served, port=told.port) as base_url:
        fake.at(base_url)
        await by_hand.stand(
            {
                "PAYPAL_CLIENT_ID": fake.client_id,
                "PAYPAL_CLIENT_SECRET": fake.client_secret,
                "PAYPAL_WEBHOOK_ID": fake.webhook_id,
                # Whoever does not know the root that signs asks for each signature.
                **({"PAYPAL_CA_FILE": str(told.ca_file)} if told.ca_file else {"PAYPAL_VERIFIES_WEBHOOKS": "true"}),
                "PAYPAL_BASE_URL": base_url,
            }
        )


if __name__ == "__main__":
    asked = by_hand.options("paypal", port=9002)
    asked.add_argument("--ca-file", type=Path, help="write the root that signs webhooks there (for PAYPAL_CA_FILE)")
    asked.add_argument("--client-id", default="client-of-the-tests")
    asked.add_argument("--client-secret", default="secret-of-the-tests")
    asked.add_argument("--webhook-id", default="5WH12345AB678901C")
    by_hand.run(_stand(asked.parse_args()))
