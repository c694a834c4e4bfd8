"""`moorage bench providers`: our own part of calls to payment providers, in CPU milliseconds of this process.

Each provider is a fake of its own process (the sandbox: a web process), reached over loopback by the adapter that the
product uses. What is measured is the CPU that the calling thread takes for making the object of a payment, for
collecting what was reserved, and for verifying and translating a webhook; the provider's own time is outside, and so
is whoever takes the webhooks here, in a thread of its own. Eight calls are under way at once, as in a busy worker: a
processor that slept before each call would take two to three times as long for it. Goal: 1.5 ms each.
"""

import asyncio
import contextlib
import json
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import mean
from typing import Any, Final

from benchmarks.harness import bench_server
from benchmarks.web import web_processes
from examples.payment_page import pay
from moorage.domains.payments.gateway import AuthorizesAfterApproval, PaymentGateway
from moorage.domains.payments.gateway_values import Intent, IntentRequest
from moorage.kernel.clock import system_clock
from moorage.kernel.ids import uuid7
from moorage.providers.sandbox.signatures import HEADER, sign
from moorage.wiring.providers import gateways
from moorage.wiring.settings import Settings

AT_ONCE: Final = 8
ROUNDS: Final = 10
WARM_UP: Final = 2
VERIFICATIONS: Final = 500
# What is charged without a page, where the provider can be told a method; a page is paid on elsewhere.
METHODS: Final = {"sandbox": "pm_card_visa", "stripe": "pm_card_visa", "square": "cnon:card-nonce-ok"}
FAKES: Final = ("stripe", "paypal", "square", "razorpay")
CURRENCY: Final = {"razorpay": "INR", "square": "GBP"}
SECRET: Final = "whsec_of_the_benchmark_0123456789"  # noqa: S105 - for a server that nobody else reaches
_UP_WITHIN_S: Final = 30.0

Delivery = tuple[dict[str, str], bytes]


async def run() -> dict[str, Any]:
    """Milliseconds of CPU a call, by provider and call; `cpu_ms` is the largest of them."""
    measured = {"sandbox": await _sandbox()}
    for name in FAKES:
        async with _fake(name) as (gateway, deliveries, address):
            # Razorpay's form belongs to its own script; its fake has it as a page.
            page = address if name == "razorpay" else None
            measured[name] = await _measure(name, gateway, deliveries, page=page)
    return {"cpu_ms": max(ms for calls in measured.values() for ms in calls.values()), "runs": measured}


async def _sandbox() -> dict[str, float]:
    async with bench_server() as bench:
        with tempfile.TemporaryDirectory() as home:
            environment = {
                "ENVIRONMENT": "test",
                "MOORAGE_HOME": str(Path(home)),
                "DATABASE_URL": bench.addresses.superuser_dsn or "",
                "SANDBOX_WEBHOOK_SECRET": SECRET,
                "LOG_LEVEL": "WARNING",
            }
            async with web_processes(1, environment) as port:
                settings = _settings({**environment, "BASE_URL": f"http://127.0.0.1:{port}"})
                async with _closing(gateways(settings, None)["sandbox"]) as gateway:
                    return await _measure("sandbox", gateway, [], back=f"http://127.0.0.1:{port}/")


async def _signed_by_us(gateway: PaymentGateway) -> list[Delivery]:
    """What the sandbox would deliver, which delivers to its own house alone: its events, signed with its secret."""
    now = system_clock()
    bodies = [json.dumps(event.raw).encode() for event in await gateway.events_since(now - timedelta(hours=1))]
    return [({HEADER.lower(): sign([SECRET], body, int(now.timestamp()))}, body) for body in bodies]


async def _measure(
    name: str,
    gateway: PaymentGateway,
    deliveries: list[Delivery],
    *,
    back: str = "http://127.0.0.1/",
    page: str | None = None,
) -> dict[str, float]:
    create, capture = [], []
    currency = CURRENCY.get(name, "USD")
    for _ in range(WARM_UP + ROUNDS):
        asked = [IntentRequest(uuid7(), 7_200, currency, "An hour", back, capture="manual") for _ in range(AT_ONCE)]
        started = time.thread_time()
        made = await asyncio.gather(*(gateway.create(request, key=str(uuid7())) for request in asked))
        create.append(time.thread_time() - started)
        for one in made:
            await _reserve(name, gateway, one, page)
        started = time.thread_time()
        await asyncio.gather(
            *(gateway.capture(one.reference, amount_minor=7_200, currency=currency, key=str(uuid7())) for one in made)
        )
        capture.append(time.thread_time() - started)
    return {
        "create": round(1000 * mean(create[WARM_UP:]) / AT_ONCE, 3),
        "capture": round(1000 * mean(capture[WARM_UP:]) / AT_ONCE, 3),
        "webhook": round(await _verify(gateway, deliveries or await _signed_by_us(gateway)), 3),
    }


async def _reserve(name: str, gateway: PaymentGateway, made: Intent, page: str | None) -> None:
    """The payer's part, which nobody measures."""
    if name in METHODS:
        await gateway.confirm(made.reference, payment_method=METHODS[name], key=str(uuid7()))
    elif made.checkout_url is not None:
        await asyncio.to_thread(pay, made.checkout_url)
    elif page is not None:
        await asyncio.to_thread(pay, f"{page}/checkout/{made.client_secret}")
    if isinstance(gateway, AuthorizesAfterApproval):
        await gateway.authorize(made.reference, key=str(uuid7()))


async def _verify(gateway: PaymentGateway, deliveries: list[Delivery]) -> float:
    """CPU milliseconds for one webhook: its signature checked, its event understood."""
    if not deliveries:
        raise RuntimeError("no webhook came in")
    prepare = getattr(gateway, "prepare_verification", None)
    if prepare is not None:
        await prepare(*deliveries[0])
    started = time.thread_time()
    for number in range(VERIFICATIONS):
        headers, body = deliveries[number % len(deliveries)]
        gateway.verify(headers, body, now=system_clock())
    return 1000 * (time.thread_time() - started) / VERIFICATIONS


@contextlib.asynccontextmanager
async def _closing(gateway: PaymentGateway) -> AsyncIterator[PaymentGateway]:
    try:
        yield gateway
    finally:
        close = getattr(gateway, "aclose", None)
        if close is not None:
            await close()


@contextlib.asynccontextmanager
async def _fake(name: str) -> AsyncIterator[tuple[PaymentGateway, list[Delivery], str]]:
    """A provider's fake in a process of its own: our adapter to it, what it told us, and where it is."""
    with _collector() as (address, deliveries), tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        # PayPal's webhooks are signed under a root of the fake's own.
        more = ("--ca-file", str(folder / "roots.pem")) if name == "paypal" else ()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"tests.fakes.{name}", "--port", "0", "--webhook-url", address, *more),
            cwd=Path(__file__).parent.parent,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            told = await _told(process)
            async with _closing(gateways(_settings(told), None)[name]) as gateway:
                yield gateway, deliveries, told[f"{name.upper()}_BASE_URL"]
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


async def _told(process: asyncio.subprocess.Process) -> dict[str, str]:
    """The settings that a fake prints when it is up: NAME=value, until the line that holds its address."""
    found: dict[str, str] = {}
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    async with asyncio.timeout(_UP_WITHIN_S):
        while not any(name.endswith("_BASE_URL") for name in found):
            line = (await process.stdout.readline()).decode()
            if not line:
                raise RuntimeError("the fake did not come up")
            found |= dict(word.split("=", 1) for word in line.split() if "=" in word)
    return found


def _settings(told: dict[str, str]) -> Settings:
    words = {"environment": "test"} | {name.lower(): value for name, value in told.items()}
    return Settings(_env_file=None, **words)  # type: ignore[call-arg]  # pydantic-settings' own


@contextlib.contextmanager
def _collector() -> Iterator[tuple[str, list[Delivery]]]:
    """Somebody who takes webhooks and keeps them, in a thread of its own: its address, and what came."""
    kept: list[Delivery] = []

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            kept.append((headers, self.rfile.read(int(headers.get("content-length", "0")))))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: what is printed is the measure."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/webhooks", kept
        finally:
            server.shutdown()
