"""Local times that people name, made instants by the pinned zone data (scheduling.md, exact rule 6)."""

from datetime import UTC, datetime

from moorage.domains.availability.zones import pinned_zone
from moorage.kernel.errors import InvalidError


class NonexistentLocalTimeError(InvalidError):
    """That local time is skipped on that date: the clocks go forward over it."""

    code = "nonexistent_local_time"


class AmbiguousLocalTimeError(InvalidError):
    """That local time happens twice on that date: give its offset from UTC."""

    code = "ambiguous_local_time"


def resolve_local(at: datetime, zone: str, *, pointer: str | None = None) -> datetime:
    """The instant (UTC) at which a clock in `zone` shows `at`, a naive datetime. Raises NonexistentLocalTimeError and
    AmbiguousLocalTimeError; KeyError for an unknown zone.
    """
    earlier = at.replace(tzinfo=pinned_zone(zone), fold=0)
    later = earlier.replace(fold=1)
    before, after = earlier.utcoffset(), later.utcoffset()
    if before is not None and after is not None and before != after:
        # PEP 495: across a gap the later reading is further ahead of UTC; across a fold it is less far.
        raise (NonexistentLocalTimeError if after > before else AmbiguousLocalTimeError)(pointer=pointer)
    return earlier.astimezone(UTC)
