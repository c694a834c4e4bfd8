"""What each operation may refuse is written down, with codes, and the list of codes is the one in the documentation."""

import pytest

from moorage.web.contracts import contract_of
from moorage.web.openapi import operations
from moorage.web.refusals import known_codes
from moorage.wiring.contracts import REFUSALS
from moorage.wiring.error_list import PAGE, page_of
from moorage.wiring.openapi_snapshot import promised


@pytest.fixture(scope="module")
def document():
    return promised()


def test_every_refusal_of_the_api_names_its_codes_and_shows_each(document):
    for path, _, operation in operations(document):
        for status, answer in operation["responses"].items():
            contract = contract_of(operation["operationId"], path)
            if contract.is_api and not status.startswith("2"):
                whole = _resolved(document, answer)
                assert "Codes: `" in whole["description"], (
                    f"{operation['operationId']} declares {status}: by which code?"
                )
                for media in whole["content"].values():
                    for code, example in media["examples"].items():
                        assert known_codes()[code][0] == int(status)
                        told = example["value"] if contract.failure == "Problem" else example["value"]["errors"]
                        assert told["code"] == code


def test_what_is_refused_besides_belongs_to_operations_and_codes_that_exist(document):
    names = {operation["operationId"] for _, _, operation in operations(document)}
    assert set(REFUSALS) <= names
    assert {code for codes in REFUSALS.values() for code in codes} <= set(known_codes())


def test_the_list_of_error_codes_is_current(document):
    assert PAGE.read_text() == page_of(document), "codes have changed: `make openapi` writes docs/errors.md anew"


def _resolved(document, answer):
    return document["components"]["responses"][answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer
