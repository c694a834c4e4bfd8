"""What can be refused of practitioners."""

from moorage.kernel.errors import InvalidError, MoorageError


class AlreadyAppliedError(MoorageError):
    """You have applied already; your application is waiting or was accepted."""

    code = "already_applied"
    kind = "conflict"


class AlreadyDecidedError(MoorageError):
    """That decision stands already."""

    code = "already_decided"
    kind = "conflict"


class PrimaryLocationError(InvalidError):
    """At most one location is the primary one."""

    code = "one_primary_location"


class UnknownLocationError(InvalidError):
    """You have no location by that id."""

    code = "unknown_location"
