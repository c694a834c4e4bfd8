"""How commands talk to a terminal: settings in, one story run, facts or text out, exit codes that mean something."""

import asyncio
import json
import logging
from collections.abc import Coroutine
from typing import Annotated, Any, Never, TypeVar

import typer
from rich.console import Console

from moorage.kernel.errors import MoorageError
from moorage.wiring.postgres_errors import PostgresError
from moorage.wiring.secrets import UnsafeSettingsError
from moorage.wiring.settings import Settings

T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def settings_of(**given: Any) -> Settings:
    """The settings of the environment, with those options that were given. Exits 2 when one is wrong."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValueError as error:
        fail(f"A setting is wrong: {error}", code=2)


def run(story: Coroutine[Any, Any, T]) -> T:
    """What a story answers; exits 1 with the sentence of what it refuses."""
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    try:
        return asyncio.run(story)
    except (PostgresError, UnsafeSettingsError, MoorageError, OSError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def tell(facts: dict[str, Any], text: str, *, as_json: bool) -> None:
    """Print the facts as JSON, else the text."""
    out.print(json.dumps(facts) if as_json else text, markup=False)


def fail(message: str, code: int = 1) -> Never:
    """Say what went wrong, and exit."""
    err.print(message, markup=False)
    raise typer.Exit(code)
