"""How every page is rendered and sent: Jinja2 with escaping on, one stylesheet, a policy that lets nothing else in."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import Response

from moorage.kernel.errors import ForbiddenError
from moorage.pages.wording import amount_text, day_text, moment_text, percent_text, with_breaks
from moorage.web.compress import sent
from moorage.web.errors import BodyTooLargeError, UnsupportedMediaTypeError

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# What an embedded payment form may do: at its provider's own origins, and nowhere else.
_EMBEDDED: Final = (
    "default-src 'none'; script-src 'self' {hosts}; style-src 'self' {hosts}; img-src 'self' {hosts};"
    " font-src {hosts}; connect-src 'self' {hosts}; frame-src {hosts}; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
HEADERS: Final = {"content-security-policy": POLICY, "cache-control": "no-store", "x-robots-tag": "noindex"}
_FORM: Final = "application/x-www-form-urlencoded"
_MAX_FORM_BYTES: Final = 16_384
_pages = Environment(
    loader=PackageLoader("moorage.pages"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_pages.filters |= {
    "money": amount_text,
    "day": day_text,
    "moment": moment_text,
    "percent": percent_text,
    "lines": with_breaks,
}
ICON: Final = (files("moorage.pages") / "static" / "moorage.svg").read_bytes()
STYLESHEET: Final = (files("moorage.pages") / "static" / "moorage.css").read_bytes()


def page(
    request: Request,
    template: str,
    status: int = 200,
    *,
    refresh: str | None = None,
    hosts: Sequence[str] = (),
    **facts: Any,
) -> Response:
    """Render `template` with `facts`; `business` is at hand in each. `refresh` is the header of that name ("2", or
    "0; url=…"). `hosts`: the origins of an embedded payment form, which the page's policy then lets in.
    """
    body = rendered(template, request.app.state.settings.business_name, **facts)
    headers = dict(HEADERS)
    if refresh is not None:
        headers["refresh"] = refresh
    if hosts:
        headers["content-security-policy"] = _EMBEDDED.format(hosts=" ".join(hosts))
    return sent(request, body, status, headers, "text/html; charset=utf-8")


def rendered(template: str, business: str, **facts: Any) -> bytes:
    """The page's HTML."""
    return _pages.get_template(template).render(business=business, **facts).encode()


def notice(request: Request, status: int, title: str, text: str) -> Response:
    """A page of one sentence: nothing here by that name, too late, not possible."""
    return page(request, "notice.html", status, title=title, text=text)


def wants_json(request: Request) -> bool:
    """Whether a program asks: JSON is named in Accept and HTML is not."""
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a posted form. Raises ForbiddenError when another site posted it."""
    refuse_other_origins(request)
    body = await request.body()
    if len(body) > _MAX_FORM_BYTES:
        raise BodyTooLargeError
    if body and request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise UnsupportedMediaTypeError("A form is expected here.")
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50))


def refuse_other_origins(request: Request) -> None:
    """Raise ForbiddenError when a browser says that another site sent this."""
    origin = request.headers.get("origin")
    if origin is None:
        return
    own = {request.headers.get("host", ""), urlsplit(request.app.state.settings.public_url()).netloc}
    if urlsplit(origin).netloc not in own:
        raise ForbiddenError("This form was sent from another site.")
