"""What is said to whoever follows a link that opens no invoice or quote, or none any more."""

from typing import Final

from fastapi import Request
from starlette.responses import Response

from moorage.domains.invoicing.errors import LinkExpiredError
from moorage.kernel.errors import MoorageError, NotFoundError
from moorage.pages.view import notice

CLOSED: Final = (NotFoundError, LinkExpiredError)
"""Why a link opens nothing."""


def closed(request: Request, refused: MoorageError, what: str) -> Response:
    """The page that says so. `what`: "invoice" or "quote"."""
    if isinstance(refused, LinkExpiredError):
        text = f"Links to an {what} work" if what[0] in "aeiou" else f"Links to a {what} work"
        text += " for a while only. Ask at /portal for a mail with a link to all that is yours."
        return notice(request, 410, "This link has expired", text)
    text = "The link may be incomplete: open it again from its mail."
    return notice(request, 404, f"There is no {what} here", text)
