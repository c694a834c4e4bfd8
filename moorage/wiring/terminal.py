"""How commands talk to a terminal: settings in, one story run, facts or text out, exit codes that mean something."""

import asyncio
import json
import logging
from collections.abc import Coroutine
from typing import Annotated, Any, Never, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console

from moorage.kernel.errors import MoorageError
from moorage.wiring.postgres_errors import PostgresError
from moorage.wiring.secrets import UnsafeSettingsError, refuse_problems
from moorage.wiring.settings import Settings

T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def settings_of(**given: Any) -> Settings:
    """The settings of the environment, with those options that were given. Exits 2 when any is wrong, naming all."""
    told = {name: value for name, value in given.items() if value is not None}
    try:
        return Settings(**told)
    except ValidationError as error:
        fail(_all_that_is_wrong(error, told), code=2)
    except ValueError as error:
        fail(f"A setting is wrong: {error}", code=2)


def _all_that_is_wrong(error: ValidationError, told: dict[str, Any]) -> str:
    """One message: settings that cannot be read, by their names and never their values, and what else would stop a
    start if those had their defaults.
    """
    from moorage.wiring.production import start_problems  # noqa: PLC0415 - takes the providers along

    wrong = {str(one["loc"][0]): one["msg"] for one in error.errors(include_input=False, include_url=False)}
    defaults = {name: Settings.model_fields[name].default for name in wrong}
    found = [f"{name.upper()}: {message}" for name, message in wrong.items()]
    try:
        refuse_problems([*found, *start_problems(Settings(**{**told, **defaults}))])
    except UnsafeSettingsError as refusal:
        return str(refusal)
    raise error  # there is at least the one that was met


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
