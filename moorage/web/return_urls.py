"""Where a payer may be sent back to: this installation, and the hosts that its settings name."""

from functools import lru_cache

from fastapi import Request

from moorage.kernel.errors import InvalidError
from moorage.kernel.origins import origin_of


class ReturnUrlNotAllowedError(InvalidError):
    """A payer is sent back to this installation, or to a host that its settings name."""

    code = "return_url_not_allowed"


def check_return_urls(request: Request, **urls: str | None) -> None:
    """Raise ReturnUrlNotAllowedError for the first of `urls` (by the field's name) that leads anywhere else."""
    settings = request.app.state.settings
    allowed = _allowed(settings.public_url(), tuple(settings.return_url_hosts), settings.environment == "production")
    for name, url in urls.items():
        if url is not None and origin_of(url) not in allowed:
            raise ReturnUrlNotAllowedError(pointer=f"/{name}")


@lru_cache(maxsize=4)
def _allowed(public_url: str, hosts: tuple[str, ...], is_production: bool) -> frozenset[str | None]:  # noqa: FBT001 - a key of the cache
    schemes = ("https",) if is_production else ("https", "http")
    urls = [f"{public_url}/", *(f"{scheme}://{host}/" for host in hosts for scheme in schemes)]
    return frozenset(origin_of(url) for url in urls) - {None}
