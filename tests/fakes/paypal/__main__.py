"""Serve the fake by hand: `python -m tests.fakes.paypal --port 9002 --webhook-url http://127.0.0.1:8000/webhooks/paypal`."""

import argparse
import asyncio
from pathlib import Path

from tests.fakes.paypal.fake import PaypalFake
from tests.fakes.serving import serving


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.paypal", description="PayPal for trying things out.")
    parser.add_argument("--port", type=int, default=9002)
    parser.add_argument("--webhook-url", help="where events are sent, as they happen")
    parser.add_argument("--ca-file", type=Path, help="write the root that signs webhooks there (for PAYPAL_CA_FILE)")
    parser.add_argument("--client-id", default="client-of-the-tests")
    parser.add_argument("--client-secret", default="secret-of-the-tests")
    parser.add_argument("--webhook-id", default="5WH12345AB678901C")
    told = parser.parse_args()
    fake = PaypalFake(told.client_id, told.client_secret, told.webhook_id)
    if told.webhook_url:
        fake.sends_to(told.webhook_url, at_once=True)
    if told.ca_file:
        await asyncio.to_thread(told.ca_file.write_bytes, fake.signer.authority.pem)
    async with serving(fake.served, port=told.port) as base_url:
        fake.at(base_url)
        settings = {
            "PAYPAL_CLIENT_ID": fake.client_id,
            "PAYPAL_CLIENT_SECRET": fake.client_secret,
            "PAYPAL_WEBHOOK_ID": fake.webhook_id,
            **({"PAYPAL_CA_FILE": str(told.ca_file)} if told.ca_file else {}),
            "PAYPAL_BASE_URL": base_url,
        }
        print("\n".join(f"{name}={value}" for name, value in settings.items()), flush=True)  # noqa: T201 - its purpose
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
