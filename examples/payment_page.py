"""Paying on a provider's page as a browser would: read its form, fill it in, send it. For the other examples here."""

import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

CARD = "4242 4242 4242 4242"
_FILLED = {"cc-exp": "12/34", "cc-csc": "123", "cc-name": "Ada Byron", "email": "ada@example.test"}
_WORDS = ("pay", "approve")


@dataclass
class Form:
    """One form of a page: where it goes, its fields (name: autocomplete word and value), its buttons (text: field)."""

    action: str
    method: str
    fields: dict[str, tuple[str, str]] = field(default_factory=dict)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)


def pay(page_url: str, *, card: str = CARD) -> httpx.Response:
    """Pay on the page at `page_url`; the answer to the last form that was sent. Raises RuntimeError when the page has
    no form that pays.
    """
    with httpx.Client(timeout=30, trust_env=False, headers={"Accept": "text/html"}) as browser:
        page = browser.get(page_url, follow_redirects=True)
        for _ in range(20):  # a page that says so itself is looked at again, as a browser does
            if "refresh" not in page.headers:
                break
            time.sleep(float(page.headers["refresh"].split(";")[0]))
            page = browser.get(str(page.url))
        address = str(page.url)
        form = _paying_form(page)
        values = {name: _value(word, value, card) for name, (word, value) in form.fields.items()}
        name, value = next(
            (button for text, button in form.buttons.items() if any(word in text.lower() for word in _WORDS)),
            ("", ""),
        )
        if name:
            values[name] = value
        parts = httpx.URL(address)
        origin = f"{parts.scheme}://{parts.netloc.decode()}"
        return browser.request(
            form.method.upper(), urljoin(address, form.action), data=values, headers={"Origin": origin}
        )


def _paying_form(page: httpx.Response) -> Form:
    reader = _Forms()
    reader.feed(page.text)
    for form in reader.forms:
        if any(word in text.lower() for text in form.buttons for word in _WORDS):
            return form
    raise RuntimeError(f"no form that pays at {page.url}: {page.status_code} {page.text[:500]}")


def _value(word: str, value: str, card: str) -> str:
    return value or (card if word == "cc-number" else _FILLED.get(word, ""))


class _Forms(HTMLParser):
    """The forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._button: tuple[str, str] | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notice forms, fields and buttons."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get"))
            self.forms.append(self._form)
        elif self._form is not None and tag == "input" and given.get("name"):
            if given.get("type") in ("radio", "checkbox") and "checked" not in given:
                return
            self._form.fields[given["name"]] = (given.get("autocomplete", ""), given.get("value", ""))
        elif self._form is not None and tag == "button":
            self._button, self._text = (given.get("name", ""), given.get("value", "")), ""

    def handle_data(self, data: str) -> None:
        """Notice what a button says."""
        if self._button is not None:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        """Close what was noticed."""
        if tag == "button" and self._form is not None and self._button is not None:
            self._form.buttons[" ".join(self._text.split())] = self._button
            self._button = None
        elif tag == "form":
            self._form = None
