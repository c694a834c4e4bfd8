"""What the catalog's SQL promises: comparable prices, orders by known names, words to search by."""

import asyncpg
import pytest

from moorage.kernel.money import _EXPONENTS


async def test_sql_and_python_agree_on_every_currencys_decimals(owner):
    for currency, decimals in _EXPONENTS.items():
        whole = await owner.fetchval("SELECT whole_units($1, $2)", 10**decimals, currency)
        assert whole == 1, currency


async def test_an_order_ends_with_the_id_and_knows_only_its_names(owner):
    query = """SELECT ordering($1, '{"price": "s.price", "id": "s.id"}')"""
    assert await owner.fetchval(query, ["price"]) == "s.price, s.id"
    assert await owner.fetchval(query, ["-price"]) == "s.price DESC, s.id DESC"
    for name in ("name", "--price", "-", "", "price; DROP TABLE services", "price DESC"):
        with pytest.raises(asyncpg.PostgresError, match="invalid_ordering"):
            await owner.fetchval(query, [name])


@pytest.mark.parametrize(
    ("text", "found"),
    [("prenatal", True), ("PRENAT yog", True), ("yoga prenatal", True), ("natal", False), ("", None), ("?!", None)],
)
async def test_every_word_has_to_be_there_from_its_beginning(owner, text, found):
    query = "SELECT to_tsvector('simple', 'Prenatal yoga, by the sea') @@ search_query($1)"
    assert await owner.fetchval(query, text) is found


@pytest.mark.parametrize("text", ["'", "''", "a'b", "\\", "\\'", "a & b | !c", "a:*", "<->", "(", "a\nb", "ß 漢字 🙂"])
async def test_no_text_breaks_the_search(owner, text):
    await owner.fetchval("SELECT search_query($1)", text)
