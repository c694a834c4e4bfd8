"""The issuers of tokens besides ourselves that settings name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from moorage.providers.jwks import fetch_keys, is_safe_address
from moorage.web.external_tokens import ExternalIssuer, PublishedKeys, SharedSecret
from moorage.wiring.settings import Settings

SITE: Final = "site"
"""What people of the site are kept under whose service shares a secret with this one."""
_SUPABASE_AUDIENCE: Final = "authenticated"
_SUPABASE_KEYS: Final = "/.well-known/jwks.json"


def issuer_problems(settings: Settings) -> list[str]:
    """What is missing of issuers that settings name by half, one sentence each."""
    found = []
    url, file = settings.external_jwks_url, settings.external_jwks_file
    if url is not None and file is not None:
        found.append("EXTERNAL_JWKS_URL and EXTERNAL_JWKS_FILE are both set: choose one")
    if (url is not None or file is not None) and settings.external_jwks_issuer is None:
        found.append("EXTERNAL_JWKS_ISSUER is missing: what `iss` of that issuer's tokens says")
    for name, address in (("EXTERNAL_JWKS_URL", url), ("SUPABASE_URL", settings.supabase_url)):
        if address is not None and not is_safe_address(address):
            found.append(f"{name} has to be an https:// address")
    if settings.supabase_jwt_secret is not None and settings.supabase_url is None:
        found.append("SUPABASE_URL is missing: SUPABASE_JWT_SECRET is set")
    return found


def external_issuers(settings: Settings, site_secret: str) -> list[ExternalIssuer]:
    """Everybody whose tokens are taken; `issuer_problems` has found nothing."""
    return [_site(settings, site_secret), *_published(settings), *_supabase(settings)]


def _site(settings: Settings, secret: str) -> ExternalIssuer:
    return ExternalIssuer(
        SITE,
        SharedSecret(secret.encode(), settings.algorithm),
        settings.external_token_issuer,
        settings.external_token_audience,
        speaks_of_admins=settings.external_admin_claims,
    )


def _published(settings: Settings) -> Iterator[ExternalIssuer]:
    url, file, issuer = settings.external_jwks_url, settings.external_jwks_file, settings.external_jwks_issuer
    if issuer is None or (url is None and file is None):
        return
    yield ExternalIssuer(
        issuer,
        PublishedKeys(url, fetch_keys) if url is not None else PublishedKeys(Path(file or "")),
        issuer,
        settings.external_jwks_audience,
        speaks_of_admins=settings.external_jwks_admin_claims,
    )


def _supabase(settings: Settings) -> Iterator[ExternalIssuer]:
    """A project's tokens: by the keys that it publishes and, where it has one, by its shared secret. The ids of its
    people are their ids here, so that row-level security finds them by its tokens alone.
    """
    if settings.supabase_url is None:
        return
    issuer = settings.supabase_url.rstrip("/") + "/auth/v1"
    yield ExternalIssuer(
        issuer, PublishedKeys(issuer + _SUPABASE_KEYS, fetch_keys), issuer, _SUPABASE_AUDIENCE, keeps_id=True
    )
    if settings.supabase_jwt_secret is not None:
        secret = settings.supabase_jwt_secret.get_secret_value()
        yield ExternalIssuer(issuer, SharedSecret(secret.encode(), "HS256"), issuer, _SUPABASE_AUDIENCE, keeps_id=True)
