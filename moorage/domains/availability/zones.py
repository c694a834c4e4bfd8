"""Zone data: the pinned `tzdata` package alone, for Python and, as stretches of constant offset, for the database.

Neither the machine's zone files nor PostgreSQL's own are ever asked: one release decides every clock change.
Format: TZif, RFC 8536; the rule after the last listed change is read through `zoneinfo`.
"""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from importlib import resources
from typing import Final
from zoneinfo import ZoneInfo

import tzdata  # type: ignore[import-untyped]  # data alone, and one string

from moorage.kernel.db import Connection

RELEASE: Final[str] = tzdata.IANA_VERSION
"""The pinned release, for instance 2026a."""
FIRST_INSTANT: Final = datetime(2010, 1, 1, tzinfo=UTC)
LAST_INSTANT: Final = datetime(2060, 1, 1, tzinfo=UTC)
"""Zone data reaches from the first to the last instant; nothing is offered outside."""

_PROBE: Final = timedelta(days=28)  # No yearly rule changes twice within four weeks; a test walks every zone.
_HEADER: Final = struct.Struct(">4sc15x6l")

Stretch = tuple[datetime, datetime, int]
"""From (inclusive), to (exclusive), minutes ahead of UTC."""


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every IANA zone name of the pinned release, aliases included."""
    listed = (resources.files("tzdata") / "zones").read_text("utf-8").split()
    return frozenset(listed)


@lru_cache(maxsize=1024)
def pinned_zone(name: str) -> tzinfo:
    """The zone from the pinned release. Raises KeyError for a name that it does not list."""
    if name not in zone_names():
        raise KeyError(name)
    with _file(name).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


async def load_zone_offsets(db: Connection) -> bool:
    """Write every zone's stretches of constant offset into `zone_offsets`; True when something was written.
    Does nothing when the table was written from this very release. Run by the migration step, as the owner.
    """
    async with db.transaction():
        await db.execute("LOCK TABLE zone_release IN SHARE ROW EXCLUSIVE MODE")
        if await db.fetchval("SELECT version FROM zone_release") == RELEASE:
            return False
        await db.execute("DELETE FROM zone_offsets")
        await db.copy_records_to_table("zone_offsets", records=_rows(), columns=_COLUMNS)
        await db.execute(
            "INSERT INTO zone_release (version) VALUES ($1)"
            " ON CONFLICT (is_only) DO UPDATE SET version = excluded.version, loaded_at = now()",
            RELEASE,
        )
    await db.execute("ANALYZE zone_offsets")
    return True


_COLUMNS: Final = ("zone", "starts_at", "ends_at", "offset_minutes")


def _rows() -> Iterator[tuple[str, datetime, datetime, int]]:
    known: dict[bytes, list[Stretch]] = {}  # Aliases have the same bytes: worked out once.
    for name in sorted(zone_names()):
        content = _file(name).read_bytes()
        if content not in known:
            known[content] = list(stretches(pinned_zone(name), content))
        for starts_at, ends_at, offset_minutes in known[content]:
            yield name, starts_at, ends_at, offset_minutes


def stretches(zone: tzinfo, content: bytes) -> Iterator[Stretch]:
    """The zone's stretches of constant offset from FIRST_INSTANT to LAST_INSTANT. `content`: its TZif file."""
    begins, offset = FIRST_INSTANT, _offset_minutes(zone, FIRST_INSTANT)
    for at in _possible_changes(zone, content):
        changed = _offset_minutes(zone, at)
        if changed != offset:
            yield begins, at, offset
            begins, offset = at, changed
    yield begins, LAST_INSTANT, offset


def _possible_changes(zone: tzinfo, content: bytes) -> Iterator[datetime]:
    listed, rule = _read_tzif(content)
    after = FIRST_INSTANT
    for at in listed:
        if FIRST_INSTANT < at < LAST_INSTANT:
            yield at
            after = at
    if b"," not in rule:  # No yearly rule: the last listed offset stays for ever.
        return
    before = after
    while before < LAST_INSTANT:
        probe = min(before + _PROBE, LAST_INSTANT)
        if _offset_minutes(zone, before) != _offset_minutes(zone, probe):
            yield _change_between(zone, before, probe)
        before = probe


def _change_between(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """The minute at which the offset of `before` stops, by halving."""
    offset = _offset_minutes(zone, before)
    low, high = 0, int((after - before) / timedelta(minutes=1))
    while high - low > 1:
        middle = (low + high) // 2
        if _offset_minutes(zone, before + timedelta(minutes=middle)) == offset:
            low = middle
        else:
            high = middle
    return before + timedelta(minutes=high)


def _read_tzif(content: bytes) -> tuple[list[datetime], bytes]:
    """The listed instants of change (64-bit block) and the footer's rule."""
    magic, version, *counts = _HEADER.unpack_from(content)
    if magic != b"TZif" or version < b"2":
        msg = "not a TZif file of version 2 or later"
        raise ValueError(msg)
    at = _HEADER.size + _block_size(counts, time_size=4)
    _, _, *counts = _HEADER.unpack_from(content, at)
    at += _HEADER.size
    times = struct.unpack_from(f">{counts[3]}q", content, at)
    footer = content[at + _block_size(counts, time_size=8) :].strip(b"\n")
    first, last = FIRST_INSTANT.timestamp(), LAST_INSTANT.timestamp()
    return [datetime.fromtimestamp(t, UTC) for t in times if first <= t <= last], footer


def _block_size(counts: list[int], *, time_size: int) -> int:
    isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt = counts
    return timecnt * (time_size + 1) + typecnt * 6 + charcnt + leapcnt * (time_size + 4) + isstdcnt + isutcnt


def _offset_minutes(zone: tzinfo, at: datetime) -> int:
    offset = at.astimezone(zone).utcoffset()
    if offset is None or offset % timedelta(minutes=1):
        msg = f"{zone} is not a whole number of minutes from UTC at {at}"
        raise ValueError(msg)
    return offset // timedelta(minutes=1)


def _file(name: str) -> resources.abc.Traversable:
    return resources.files("tzdata.zoneinfo").joinpath(*name.split("/"))
