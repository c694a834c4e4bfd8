"""The pure rules of commission: every split adds up to its whole, and SQL computes the same."""

from hypothesis import given
from hypothesis import strategies as st

from moorage.domains.ledger.policy import Share, earn, take_back
from moorage.kernel.money import half_up, split

amounts = st.integers(min_value=1, max_value=10**12)
rates = st.integers(min_value=0, max_value=10_000)


@given(st.lists(amounts, min_size=1, max_size=6), rates)
def test_part_payments_take_the_commission_of_the_whole(parts, bps):
    total = Share(0, 0)
    for part in parts:
        share = earn(part, bps, total)
        assert share.gross_minor == share.net_minor + share.commission_minor
        total = Share(total.gross_minor + part, total.commission_minor + share.commission_minor)
    assert total.commission_minor == half_up(sum(parts) * bps, 10_000)


@given(amounts, rates, st.lists(st.integers(min_value=1, max_value=100), min_size=1, max_size=6))
def test_refunds_in_parts_take_back_exactly_what_was_earned(gross, bps, weights):
    earned, taken = earn(gross, bps), Share(0, 0)
    for part in split(gross, weights):
        back = take_back(earned, part, taken)
        taken = Share(taken.gross_minor + part, taken.commission_minor + back.commission_minor)
        assert taken.commission_minor == half_up(earned.commission_minor * taken.gross_minor, gross)
    assert (taken.gross_minor, taken.commission_minor) == (gross, earned.commission_minor)


@given(st.integers(min_value=0, max_value=10**15), st.lists(st.integers(min_value=1, max_value=1000), min_size=1))
def test_a_split_adds_up_to_its_whole(amount, weights):
    parts = split(amount, weights)
    assert sum(parts) == amount
    assert all(
        abs(part * sum(weights) - amount * weight) < 2 * sum(weights)
        for part, weight in zip(parts, weights, strict=True)
    )


def test_case_20_thirds_and_included_tax():
    assert split(10_000, [1, 1, 1]) == [3_334, 3_333, 3_333]
    tax = half_up(9_999 * 20, 120)
    assert (tax, 9_999 - tax) == (1_667, 8_332)


async def test_sql_rounds_as_python_does(worker):
    numbers = [(n, d) for n in (-7, -5, -3, -1, 0, 1, 2, 3, 5, 7, 15, 10**17 + 5) for d in (1, 2, 3, 10, 10_000)]
    for numerator, denominator in numbers:
        assert await worker.fetchval("SELECT half_up($1::numeric, $2)", numerator, denominator) == half_up(
            numerator, denominator
        )
