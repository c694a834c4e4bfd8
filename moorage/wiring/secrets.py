"""Secrets: read from settings, else made once and kept in MOORAGE_HOME where only this user can read them.

Production takes none that was generated, is short, or stands in anybody's example.
"""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from pydantic import SecretStr

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


def signing_secret(settings: Settings) -> str:
    """The secret that signs access tokens. Raises UnsafeSettingsError in production when it is missing, too short,
    or one that stands in an example.
    """
    if settings.environment == "production":
        return _production_secret("SECRET_KEY", settings.secret_key)
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    return kept_secret(settings.moorage_home, "secret_key")


def provider_secret(settings: Settings, name: str, value: SecretStr | None) -> str:
    """A secret shared with a provider, by the name of its setting. Raises UnsafeSettingsError in production like
    `signing_secret`.
    """
    if settings.environment == "production":
        return _production_secret(name.upper(), value)
    return value.get_secret_value() if value is not None else kept_secret(settings.moorage_home, name)


def access_tokens(settings: Settings) -> AccessTokens:
    """Issues and verifies access tokens by `settings`."""
    previous = settings.previous_secret_key
    if previous is not None and settings.environment == "production":
        _production_secret("PREVIOUS_SECRET_KEY", previous)
    refuse_problems(issuer_problems(settings))
    shared = settings.external_token_secret
    if shared is not None and settings.environment == "production":
        _production_secret("EXTERNAL_TOKEN_SECRET", shared)
    secret = signing_secret(settings)
    return AccessTokens(
        secret=secret,
        previous_secret=previous.get_secret_value() if previous else None,
        issuer=settings.token_issuer,
        audience=settings.token_audience,
        lifetime_s=settings.access_token_minutes * 60,
        others=external_issuers(settings, shared.get_secret_value() if shared else secret),
    )


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


def _production_secret(name: str, value: SecretStr | None) -> str:
    text = value.get_secret_value() if value else ""
    if len(text) < MIN_SECRET_CHARS:
        raise UnsafeSettingsError(
            f"{name} is missing or shorter than {MIN_SECRET_CHARS} characters: set it to the output of"
            " `python3 -c 'import secrets; print(secrets.token_urlsafe(48))'`"
        )
    if len(set(text)) < 10 or any(text.lower().startswith(word) for word in _EXAMPLES):
        raise UnsafeSettingsError(f"{name} looks like an example: make one of your own that nobody else has")
    return text
