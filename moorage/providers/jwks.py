"""Reads the keys that an issuer of tokens publishes."""

from typing import Final
from urllib.parse import urlsplit

import httpx

TIMEOUT_S: Final = 5.0
MAX_BYTES: Final = 256 * 1024
_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def is_safe_address(url: str) -> bool:
    """Whether keys may be read from there: over https, or from this machine."""
    parts = urlsplit(url)
    return parts.hostname is not None and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)
    )


async def fetch_keys(url: str) -> bytes:
    """The document at `url`: over https (or of this machine), following no redirect, at most 256 KiB. Raises OSError
    when it cannot be had.
    """
    if not is_safe_address(url):
        raise OSError(f"keys are read over https only, not from {url}")
    try:
        async with (
            httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False) as client,
            client.stream("GET", url, headers={"accept": "application/json"}) as answer,
        ):
            if answer.status_code != 200:
                raise OSError(f"{url} answers {answer.status_code}")
            document = b""
            async for part in answer.aiter_bytes():
                document += part
                if len(document) > MAX_BYTES:
                    raise OSError(f"{url} answers more than {MAX_BYTES} bytes")
            return document
    except httpx.HTTPError as error:
        raise OSError(f"{url}: {type(error).__name__}") from error
