"""`moorage bench ledger`: postings in process against pgbench calling `post`, over 50 accounts and on one hot account.

Spread: each posting moves a different practitioner's balance and clearing. Hot: every posting moves commission and
clearing, which everybody moves. Goals: 0.8 of pgbench in both, hot at least half of spread.
"""

import random
from typing import Any, Final

import asyncpg

from benchmarks.harness import CLIENTS, Bench, Turns, bench_server, in_turns, repeat_for
from moorage.domains.ledger.operations import Posting, post
from moorage.kernel.ids import uuid7

ACCOUNTS: Final = 50


async def run() -> dict[str, Any]:
    """Measure both; `ratio` is the lower of the two against pgbench."""
    async with bench_server() as bench:
        pool = await asyncpg.create_pool(bench.addresses.worker_dsn, min_size=CLIENTS, max_size=CLIENTS)
        lanes = [await pool.acquire() for _ in range(CLIENTS)]
        try:
            practitioners = [uuid7() for _ in range(ACCOUNTS)]
            for practitioner in practitioners:
                await post(lanes[0], _posting([f"earnings_pending:{practitioner}", "clearing:bench"]))
            spread = await _measure(bench, lanes, [f"earnings_pending:{one}" for one in practitioners])
            hot = await _measure(bench, lanes, ["commission"])
        finally:
            for lane in lanes:
                await pool.release(lane)
            await pool.close()
    return {
        "ratio": min(spread.ratio, hot.ratio),
        "hot_of_spread": round(sum(hot.ours) / sum(spread.ours), 3),
        "cpu_ms": round(max(spread.cpu_ms, hot.cpu_ms), 3),
        "runs": {"spread": spread.facts(), "hot": hot.facts()},
    }


async def _measure(bench: Bench, lanes: list[Any], accounts: list[str]) -> Turns:
    async def once(lane: int) -> None:
        await post(lanes[lane], _posting([random.choice(accounts), "clearing:bench"]))

    return await in_turns(bench, lambda _: _script(accounts), lambda seconds: repeat_for(seconds, once))


def _posting(accounts: list[str]) -> Posting:
    posting_id = uuid7()
    return Posting(posting_id, "bench", "bench", posting_id, f"bench:{posting_id}", "USD", accounts, [-100, 100])


def _script(accounts: list[str]) -> str:
    """The same call, as pgbench makes it. It takes every colon for a variable's, also within quotes: hence chr(58)."""
    codes = ", ".join(f"'{code}'".replace(":", "' || chr(58) || '") for code in accounts)
    return (
        f"\\set which random(1, {len(accounts)})\n"
        "SELECT post(id, 'bench', 'bench', id, 'bench-' || id, 'USD',"
        f" ARRAY[(ARRAY[{codes}])[:which], 'clearing' || chr(58) || 'bench'], ARRAY[-100, 100])"
        " FROM gen_random_uuid() AS id;\n"
    )
