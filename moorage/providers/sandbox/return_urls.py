"""Where a payer may be sent back to: the merchant's own origins, and nowhere that only looks like them."""

from moorage.kernel.origins import origin_of
from moorage.providers.sandbox.errors import SandboxError


def check_return_url(url: str, origins: frozenset[str]) -> None:
    """Raise SandboxError `return_url_not_allowed` unless `url` is an absolute address at one of `origins`
    ("https://example.org:8443", in lower case, without a default port).
    """
    if origin_of(url) not in origins:
        raise SandboxError(
            "The payer cannot be sent back to this address.", code="return_url_not_allowed", param="return_url"
        )
