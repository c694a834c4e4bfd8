"""Reads the keys that an issuer of tokens publishes."""

from typing import Final
from urllib.parse import urlsplit

from moorage.providers.http import HttpClient, NoAnswerError

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
    http = HttpClient("", timeout_s=TIMEOUT_S, max_bytes=MAX_BYTES)
    try:
        answer = await http.request("GET", url, headers={"Accept": "application/json"})
    except NoAnswerError as error:
        raise OSError(f"{url}: {error.why}") from error
    finally:
        await http.aclose()
    if answer.status != 200:
        raise OSError(f"{url} answers {answer.status}")
    return answer.content
