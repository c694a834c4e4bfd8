"""Every zone's clock changes from 2020 to 2040, against an oracle that walks minutes (case 19 of scheduling).

`make test` samples; MOORAGE_LAWS=full walks every change of every zone.
"""

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from moorage.domains.availability import Override, WeeklyRule, Window
from moorage.domains.availability.zones import pinned_zone, zone_names
from moorage.kernel.ids import uuid7
from tests.builders import make_practitioner, make_service
from tests.support.time_oracle import Oracle, Rules

IS_FULL = os.environ.get("MOORAGE_LAWS") == "full"
FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2041, 1, 1, tzinfo=UTC)
AROUND = timedelta(hours=27)
CHUNKS, SAMPLED_ZONES = (16, None) if IS_FULL else (4, 10)


def changes_of(name: str) -> Iterator[datetime]:
    """The minutes at which the zone's offset changes, found by asking it of every hour and then of every minute."""
    zone = pinned_zone(name)
    at, before = FIRST, FIRST.astimezone(zone).utcoffset()
    while at < LAST:
        following = at + timedelta(hours=12)
        after = following.astimezone(zone).utcoffset()
        if after != before:
            minute = at
            while minute.astimezone(zone).utcoffset() == before:
                minute += timedelta(minutes=1)
            yield minute
        at, before = following, after


@cache
def distinct_zones() -> list[str]:
    """One name of each set of aliases."""
    seen: dict[tuple[object, ...], str] = {}
    for name in sorted(zone_names()):
        zone = pinned_zone(name)
        probes = (FIRST + timedelta(days=9 * number) for number in range(853))
        seen.setdefault(tuple(at.astimezone(zone).utcoffset() for at in probes), name)
    return list(seen.values())


def random_rules(chance: random.Random) -> list[WeeklyRule]:
    shapes = (Window(0, 1440), Window(1320, 240), Window(30, 210), Window(60, 180), Window(540, 480), Window(1439, 2))
    chosen = chance.sample(shapes, chance.randint(1, 2))
    return [WeeklyRule(day, window) for day in range(7) for window in chosen]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("chunk", range(CHUNKS))
async def test_case_19_around_every_clock_change_the_oracle_agrees(superuser, chunk):
    chance = random.Random(chunk)
    names = distinct_zones()[chunk::CHUNKS]
    for name in chance.sample(names, SAMPLED_ZONES or len(names)):
        changes = list(changes_of(name)) or [datetime(2026, 3, 1, tzinfo=UTC)]
        for at in changes if IS_FULL else chance.sample(changes, min(2, len(changes))):
            await compare(superuser, name, at, chance)


async def compare(db, name: str, change: datetime, chance: random.Random) -> None:
    """Set a practitioner up around one change, and compare working minutes and starts."""
    zone = pinned_zone(name)
    rules = Rules(chance.choice((30, 60, 90)), chance.choice((15, 30, 60, 120)), compact=chance.random() < 0.3)
    local = change.astimezone(zone).date()
    overrides = [
        Override(local + timedelta(days=chance.choice((-1, 0, 1))), (Window(chance.choice((0, 45, 600)), 150),))
        for _ in range(chance.random() < 0.3)
    ]
    oracle = Oracle(zone, random_rules(chance), overrides)
    begins, ends = change - AROUND, change + AROUND
    async with db.transaction():
        practitioner = await make_practitioner(db, zone=name)
        for rule in oracle.weekly:
            await db.execute(
                "INSERT INTO weekly_hours (id, practitioner_id, weekday, start_minute, minutes)"
                " VALUES ($1, $2, $3, $4, $5)",
                uuid7(), practitioner.id, rule.weekday, rule.window.start_minute, rule.window.minutes,
            )  # fmt: skip
        for override in overrides:
            await db.execute(
                "INSERT INTO date_overrides VALUES ($1, $2, $3, $4)",
                practitioner.id, override.day,
                [each.start_minute for each in override.windows], [each.minutes for each in override.windows],
            )  # fmt: skip
        service = await make_service(
            db,
            practitioner,
            duration_minutes=rules.duration,
            slot_interval_minutes=rules.every,
            slot_alignment="compact" if rules.compact else "local_hour",
        )
        now = begins - timedelta(days=5)
        worked = await db.fetch(
            "SELECT m FROM unnest(working_time($1, $2, $3)) w, generate_series(lower(w), upper(w), '1 minute') m"
            " WHERE m < upper(w) ORDER BY m",
            practitioner.id, begins, ends,
        )  # fmt: skip
        listed = await db.fetch("SELECT s FROM list_starts($1, $2, $3, $4) s", service, begins, ends, now)
    assert [row["m"] for row in worked] == oracle.working_minutes(begins, ends), (name, change, oracle)
    assert [row["s"] for row in listed] == oracle.starts(rules, begins, ends, now), (name, change, oracle, rules)
