"""Which requests count and may carry a key, and how addresses are written."""

import pytest

from moorage.web.contracts import CONTRACTS, MARKETPLACE, OPERATIONS, PRACTICE, contract_of, is_api, normal


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("/api/v1/bookings", "/api/v1/bookings/"),
        ("/api/v1/bookings/1/calendar.ics", "/api/v1/bookings/1/calendar.ics"),
        ("/api/stripe/refund/", "/api/stripe/refund"),
        ("/users", "/users/"),
        ("/users/", "/users/"),
        ("/users/1/", "/users/1"),
        ("/payments/summary/", "/payments/summary"),
        ("/docs/", "/docs/"),
        ("/", "/"),
    ],
)
def test_a_slash_at_the_end_may_be_left_out_or_added(asked, written):
    assert normal(asked) == written
    assert normal(written) == written


def test_every_contract_counts_its_callers_and_deliveries_of_providers_do_not_count():
    for path in ("/api/v1/bookings/", "/api/bookings", "/users/", "/payments/create-payment", "/trainings/"):
        assert is_api(path), path
    for path in (
        "/payments/webhook",
        "/payments/paypal/webhook",
        "/api/stripe/webhook",
        "/health",
        "/docs",
        "/usersx/",
    ):
        assert not is_api(path), path


def test_an_operation_is_of_the_contract_that_its_id_names_else_of_its_place():
    assert contract_of("practice_users_list", "/users/") is PRACTICE
    assert contract_of("bookings_list", "/api/v1/bookings/") is MARKETPLACE
    assert contract_of("health", "/health") is OPERATIONS
    assert len({contract.name for contract in CONTRACTS}) == len(CONTRACTS)
