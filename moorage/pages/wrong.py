"""Refusals and faults on pages, as people read them: what happened, whether anything was done, and what to do."""

from collections.abc import Mapping
from typing import Final

from moorage.pages.view import HEADERS, rendered
from moorage.web.problems import Problem, Rendered, Renderer

PLACES: Final = ("/i/", "/q/", "/portal", "/pay/")
"""Whose errors are pages: those that people open by a link."""

_OURS: Final = (
    "Something failed on our side",
    "Open your link again: it says what was done. If you were paying, look there before you pay once more.",
)
_BUSY: Final = (
    "We cannot answer at this moment",
    "Wait a minute and load this page again. If you were paying, it then says whether your payment came through.",
)
# Status: the heading, and what to do.
_SAID: Final[Mapping[int, tuple[str, str]]] = {
    403: ("This came from another site", "Nothing was done. Open your link again and start from there."),
    404: ("There is nothing here", "The link may be incomplete: open it again from its mail."),
    429: ("Too many tries", "Links were tried too often from where you are. Wait an hour, then open yours again."),
    500: _OURS,
    503: _BUSY,
}
_OTHER: Final = ("This did not work", "Nothing was done. Open your link again and start from there.")


def as_page(business: str) -> Renderer:
    """A renderer of problems for people."""

    def render(problem: Problem) -> Rendered:
        title, text = _SAID.get(problem.status, _OURS if problem.status > 500 else _OTHER)
        if "error_id" in problem.extra:
            text += f" If you write to us, name {problem.extra['error_id']}."
        body = rendered("notice.html", business, title=title, text=text)
        return Rendered(problem.status, body, "text/html; charset=utf-8", {**HEADERS, **problem.headers})

    return render
