"""docs/tour.md is true: each file exists, and defines the names that the page puts beside it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOUR = (ROOT / "docs" / "tour.md").read_text()

_LINK = re.compile(r"\[`(?P<shown>[^`]+)`\]\((?P<target>[^)]+)\)")
_NAME = re.compile(r"(?<!\[)`(?P<name>[A-Za-z_]+)`")
# What makes a name in Python, in SQL, or as a constraint of a table.
_DEFINITIONS = (
    r"^\s*(?:async )?def {name}\b",
    r"^class {name}\b",
    r"^CREATE (?:OR REPLACE )?FUNCTION {name}\(",
    r"\bname=\"{name}\"",
)


def stops():
    """Each linked file, with the names between it and the next."""
    links = list(_LINK.finditer(TOUR))
    ends = [link.start() for link in links[1:]] + [len(TOUR)]
    for link, end in zip(links, ends, strict=True):
        between = TOUR[link.end() : end]
        # A new paragraph begins with no file: its names belong to none.
        between = re.split(r"\n\n", between)[0]
        yield link["shown"], link["target"], [name["name"] for name in _NAME.finditer(between)]


@pytest.mark.parametrize(("shown", "target", "names"), list(stops()), ids=[shown for shown, _, _ in stops()])
def test_a_stop_of_the_tour_is_where_the_page_says(shown, target, names):
    assert (ROOT / "docs" / target).resolve() == ROOT / shown
    source = (ROOT / shown).read_text()
    assert names, "a stop shows at least one name"
    for name in names:
        assert any(re.search(line.format(name=name), source, re.MULTILINE) for line in _DEFINITIONS), name


def test_the_tour_has_six_stations():
    assert re.findall(r"^(\d)\. \*\*", TOUR, re.MULTILINE) == list("123456")
