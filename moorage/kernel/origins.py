"""Where an address leads: its origin (RFC 6454), read as strictly as the strictest browser would."""

from typing import Final
from urllib.parse import urlsplit

_MAX_CHARS: Final = 2_000


def origin_of(url: str) -> str | None:
    """`scheme://host[:port]` of an http(s) address; None for what is none, or tries to look like another one
    (user-info, backslashes, spaces and control characters, which browsers and parsers read differently).
    """
    if len(url) > _MAX_CHARS or "\\" in url or any(char <= " " or char == "\x7f" for char in url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = 443 if parts.scheme == "https" else 80
    return f"{parts.scheme}://{host}" + ("" if port in (None, default) else f":{port}")
