"""Secrets: read from settings, else made once and kept in MOORAGE_HOME where only this user can read them.

Production takes none that was generated, is short, or stands in anybody's example.
"""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from pydantic import SecretStr

from moorage.domains.invoicing.links import DocumentLinks
from moorage.web.tokens import AccessTokens
from moorage.wiring.issuers import external_issuers, issuer_problems
from moorage.wiring.settings import Settings

MIN_SECRET_CHARS = 32
_EXAMPLES = ("change", "secret", "example", "default", "password", "insecure", "moorage", "test", "your-", "xxxx")


class UnsafeSettingsError(Exception):
    """This installation must not start as it is set up; the message says which setting, and what to do."""


def refuse_problems(problems: Sequence[str]) -> None:
    """Raise one UnsafeSettingsError that names all of `problems`; nothing where there are none."""
    if len(problems) == 1:
        raise UnsafeSettingsError(problems[0])
    if problems:
        listed = "".join(f"\n  {no}. {problem}" for no, problem in enumerate(problems, 1))
        raise UnsafeSettingsError(f"{len(problems)} settings stop the start:{listed}")


def token_problems(settings: Settings) -> list[str]:
    """What is wrong with the settings that access tokens are signed and verified by, one sentence each."""
    found = []
    if settings.environment == "production":
        found = secret_problems(secret_key=settings.secret_key)
        further = {name: getattr(settings, name) for name in ("previous_secret_key", "external_token_secret")}
        found += secret_problems(**{name: value for name, value in further.items() if value is not None})
    return [*found, *issuer_problems(settings)]


def secret_problems(**secrets_by_name: SecretStr | None) -> list[str]:
    """What is wrong with secrets by the names of their settings: missing, too short, or one that stands in anybody's
    example.
    """
    found = []
    for name, value in secrets_by_name.items():
        text = value.get_secret_value() if value else ""
        if len(text) < MIN_SECRET_CHARS:
            found.append(
                f"{name.upper()} is missing or shorter than {MIN_SECRET_CHARS} characters: set it to the output of"
                " `python3 -c 'import secrets; print(secrets.token_urlsafe(48))'`"
            )
        elif len(set(text)) < 10 or any(text.lower().startswith(word) for word in _EXAMPLES):
            found.append(f"{name.upper()} looks like an example: make one of your own that nobody else has")
    return found


def secret_of(settings: Settings, name: str) -> str:
    """A secret by the name of its setting: what is set, else made once and kept. Raises UnsafeSettingsError in
    production when it is missing, too short, or one that stands in an example.
    """
    value: SecretStr | None = getattr(settings, name)
    if settings.environment == "production":
        refuse_problems(secret_problems(**{name: value}))
    return value.get_secret_value() if value is not None else kept_secret(settings.moorage_home, name)


def access_tokens(settings: Settings) -> AccessTokens:
    """Issues and verifies access tokens by `settings`. Raises UnsafeSettingsError with all that is wrong with them."""
    refuse_problems(token_problems(settings))
    previous, shared = settings.previous_secret_key, settings.external_token_secret
    secret = secret_of(settings, "secret_key")
    return AccessTokens(
        secret=secret,
        previous_secret=previous.get_secret_value() if previous else None,
        issuer=settings.token_issuer,
        audience=settings.token_audience,
        lifetime_s=settings.access_token_minutes * 60,
        others=external_issuers(settings, shared.get_secret_value() if shared else secret),
    )


def document_links(settings: Settings) -> DocumentLinks:
    """Makes and checks the links of invoices and quotes by `settings`. Raises UnsafeSettingsError as `secret_of`."""
    previous = settings.previous_secret_key
    return DocumentLinks(secret_of(settings, "secret_key"), previous.get_secret_value() if previous else None)


def kept_secret(home: Path, name: str) -> str:
    """A secret made at first use and kept in `home`, readable by its owner alone (256 bits)."""
    path = home / name
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        home.mkdir(parents=True, exist_ok=True)
    fresh = home / f".{name}.{os.getpid()}"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(32))
    try:
        os.link(fresh, path)  # fails where another process was first: then its secret is everybody's
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text().strip()
