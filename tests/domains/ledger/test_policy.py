"""Rounding: every split adds up to its whole, and SQL rounds as Python does."""

from hypothesis import given
from hypothesis import strategies as st

from moorage.kernel.money import half_up, split


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
