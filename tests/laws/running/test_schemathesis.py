"""Whatever the OpenAPI document allows may be sent, by a client or an administrator: no 5xx, no undocumented answer."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.laws.running.conftest import FULL
from tests.laws.running.house import RunningHouse

pytestmark = pytest.mark.timeout(1500)

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.mark.parametrize("who", ["client", "owner"])
def test_every_operation_answers_as_documented(house: RunningHouse, who: str) -> None:
    schema = schemathesis.openapi.from_url(f"{house.base_url}/openapi.json")
    token = house.facts["tokens"][who]
    failures: list[str] = []
    # Signing out ends the token that all others are asked with.
    for operation in sorted((result.ok() for result in schema.get_all_operations()), key=_ends_the_sign_in):
        _fuzz(operation, token, failures)
    assert failures == []


def _ends_the_sign_in(operation: APIOperation) -> bool:
    return "logout" in operation.path


def _fuzz(operation: APIOperation, token: str, failures: list[str]) -> None:
    """A few dozen requests to one operation; what it should not have answered is added to `failures`."""
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

        @settings(
            max_examples=60 if FULL else 3,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: schemathesis.Case) -> None:
            case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS, timeout=30)

        try:
            send()
        except Unsatisfiable:
            continue  # an operation without parameters or body has nothing to break
        except Exception as failure:  # noqa: BLE001 - any broken promise is collected, with its operation
            failures.append(f"{operation.label} ({mode.value}): {str(failure)[:1500]}")
