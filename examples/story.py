"""How the other examples here begin, wait, tell and end."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

WAIT_S = 30


def options(told: str | None) -> argparse.ArgumentParser:
    """What every example may be told; `told` is its docstring."""
    parser = argparse.ArgumentParser(description=(told or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--demo", type=Path, default=Path("var/demo.json"))
    parser.add_argument("--base-url", default=None)
    return parser


def begin(asked: argparse.Namespace) -> tuple[httpx.Client, dict[str, Any]]:
    """A client of the Moorage that was asked for, and what its demo data says of itself."""
    demo = json.loads(asked.demo.read_text())
    return httpx.Client(base_url=asked.base_url or demo["base_url"], timeout=30, trust_env=False), demo


def wait_for(look: Callable[[], Any], what: str) -> Any:
    """Look until there is something; what was found."""
    for _ in range(WAIT_S * 5):
        if (found := look()) is not None:
            return found
        time.sleep(0.2)
    return stop(f"{what} did not appear in time")


def say(what: str, more: str = "") -> None:
    """One line of what was done."""
    print(f"{what:28} {more}".rstrip(), flush=True)


def stop(why: str) -> Any:
    """End with 1."""
    print(why, file=sys.stderr)
    raise SystemExit(1)
