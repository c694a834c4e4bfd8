"""Where a payer may be sent back to: the merchant's own origins, and nowhere that only looks like them."""

from urllib.parse import urlsplit

from moorage.providers.sandbox.errors import SandboxError

_MAX_CHARS = 2_000


def check_return_url(url: str, origins: frozenset[str]) -> None:
    """Raise SandboxError `return_url_not_allowed` unless `url` is an absolute address at one of `origins`
    ("https://example.org:8443", in lower case, without a default port).
    """
    if origin_of(url) not in origins:
        raise SandboxError(
            "The payer cannot be sent back to this address.", code="return_url_not_allowed", param="return_url"
        )


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
