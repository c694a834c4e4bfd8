"""How a fake runs by hand: its options, the settings with which an installation takes it for the provider, its end."""

import argparse
import asyncio
import contextlib
from collections.abc import Coroutine, Mapping
from typing import Any


def options(provider: str, *, port: int = 0) -> argparse.ArgumentParser:
    """The options that every fake takes; `port` is where it listens unless told otherwise, 0 any free one."""
    asked = argparse.ArgumentParser(prog=f"python -m tests.fakes.{provider}", description=f"A fake of {provider}")
    asked.add_argument("--port", type=int, default=port)
    asked.add_argument(
        "--webhook-url",
        default=f"http://127.0.0.1:8000/webhooks/{provider}",
        help="where events are sent, as they happen",
    )
    return asked


async def stand(settings: Mapping[str, str]) -> None:
    """Print the settings, a line each, and stay."""
    tell(settings)
    await asyncio.Event().wait()


def tell(settings: Mapping[str, str]) -> None:
    """Print the settings, a line each."""
    print("\n".join(f"{name}={value}" for name, value in settings.items()), flush=True)  # noqa: T201 - its purpose


def run(standing: Coroutine[Any, Any, None]) -> None:
    """Run until interrupted."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(standing)
