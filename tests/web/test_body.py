"""Bodies are read strictly: what cannot be kept or understood is refused by name."""

import pytest
from pydantic import ValidationError

from moorage.kernel.errors import MoorageError
from moorage.web.body import looks_like_card, strict_json
from moorage.web.fields import MoneyNumber, StrictModel


class Priced(StrictModel):
    amount: MoneyNumber


@pytest.mark.parametrize(
    ("written", "read"),
    [("20.00", "20.00"), ("20", "20"), ('"20.00"', "20.00"), ("2e1", "20"), ("0.1", "0.1"), ("2.50E+1", "25.0")],
)
def test_an_amount_is_read_as_it_was_written(written, read):
    assert Priced.model_validate(strict_json(b'{"amount": %s}' % written.encode())).amount == read


@pytest.mark.parametrize("written", ["-1", "true", "null", '"20,00"', "1e300", "1e-300", "0.00001", "[1]", str(2**63)])
def test_what_is_no_amount_is_refused_as_a_field(written):
    with pytest.raises(ValidationError):
        Priced.model_validate(strict_json(b'{"amount": %s}' % written.encode()))


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"{", "malformed_json"),
        (b'{"amount": NaN}', "malformed_json"),
        (b'{"amount": Infinity}', "malformed_json"),
        (b'{"amount": 1e999}', "malformed_json"),
        (b'"\xff\xfe"', "malformed_json"),
        (b"[" * 100_000, "malformed_json"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "malformed_json"),
        (b'{"a": 1, "a": 2}', "duplicate_key"),
        (b'{"a": {"b": 1, "b": 1}}', "duplicate_key"),
        (b'{"a": "\\u0000"}', "invalid_text"),
        (b'{"a": "\\ud800"}', "invalid_text"),
        ('{"a": "abc\u202egpj"}'.encode(), "invalid_text"),
        (b'{"a": "abc\\u2066"}', "invalid_text"),
        (b'{"notes": "my card is 4242 4242 4242 4242 thanks"}', "card_data_not_allowed"),
        (b'{"notes": ["4242-4242-4242-4242"]}', "card_data_not_allowed"),
    ],
)
def test_a_body_that_is_broken_or_must_not_be_kept_is_refused(raw, code):
    with pytest.raises(MoorageError) as refused:
        strict_json(raw)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": "caf\xc3\xa9 \xf0\x9f\x98\x80 \\ud83d\\ude00"}',
        b'{"text": "' + b"[{" * 500 + b'"}',
        b"[[1],[2],[3]]",
        b'{"phone": "+44 20 7123 4567"}',
    ],
)
def test_ordinary_text_is_taken(raw):
    strict_json(raw)


def test_a_pointer_names_the_text_at_fault():
    with pytest.raises(MoorageError) as refused:
        strict_json(b'{"a/b": [{}, {"c": "4242424242424242"}]}')
    assert refused.value.pointer == "/a~1b/1/c"


@pytest.mark.parametrize(
    ("text", "is_card"),
    [
        ("4242424242424242", True),
        ("378282246310005", True),
        ("4242424242424241", False),
        ("order 1234", False),
        ("42424242-4242-4242-8242-424242424242", False),
        ("+4242424242424242", True),
        ("0000000000000000", False),
        ("pi_1764000000000", False),
        ("cs_test_1764000000000000000", False),
        ("1764000000000", True),
        ("pi_4242424242424242", True),
        ("evt_01a1fe18a43e7643424242424242424a", False),
        ("01a1fe18-a43e-7643-9d0e-424242424242@example.com", False),
        ("id 4242424242424242 of 01a1fe18-a43e-7643-9d0e-424242424242", True),
    ],
)
def test_a_card_number_is_told_from_other_digits(text, is_card):
    assert looks_like_card(text) is is_card
