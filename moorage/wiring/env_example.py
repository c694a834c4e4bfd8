"""`make env`: writes `.env.example` from the settings themselves, each with its default and what is said of it."""

import ast
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from moorage.wiring import settings as module
from moorage.wiring.settings import Settings

PAGE: Final = Path(__file__).resolve().parents[2] / ".env.example"
_HEAD: Final = """\
# Every setting with its default, written by `make env`. Copy what you change to `.env`, or set it in the environment.
# A name behind a # has no default.
"""


def example() -> str:
    """The page."""
    return "\n".join([_HEAD, *_lines()]) + "\n"


def _lines() -> Iterator[str]:
    """The class's own lines: comments as they stand, each field as a line of an environment file."""
    source = inspect.getsource(module).splitlines()
    [of_settings] = [node for node in ast.parse("\n".join(source)).body if isinstance(node, ast.ClassDef)]
    fields = {node.lineno: node for node in of_settings.body if isinstance(node, ast.AnnAssign)}
    number = min(fields)
    while number <= max(fields):
        line = source[number - 1]
        if number in fields:
            node = fields[number]
            yield from _field(node, source)
            number = (node.end_lineno or number) + 1
        else:
            yield line.strip()
            number += 1


def _field(node: ast.AnnAssign, source: list[str]) -> Iterator[str]:
    assert isinstance(node.target, ast.Name)  # noqa: S101 - a class's fields are names
    name = node.target.id
    last = source[(node.end_lineno or node.lineno) - 1]
    _, found, said = last[node.end_col_offset or 0 :].partition("#")
    if found:
        yield f"# {said.strip()}"
    default = Settings.model_fields[name].default
    yield f"#{name.upper()}=" if default is None else f"{name.upper()}={_written(default)}"


def _written(default: Any) -> str:
    """A default as the environment writes it."""
    if default is PydanticUndefined or isinstance(default, SecretStr):
        raise TypeError("every setting has a default, and no secret has one")
    if isinstance(default, bool | list):
        return json.dumps(default)
    text = str(default)
    return f'"{text}"' if any(character in text for character in " #<>") else text


if __name__ == "__main__":
    PAGE.write_text(example())
