"""What booking refuses. SQL names the code; the sentence here is said where SQL gives none."""

from moorage.kernel.errors import InvalidError, MoorageError


class SlotUnavailableError(MoorageError):
    """That time is not free."""

    code = "slot_unavailable"
    kind = "conflict"


class NoPlacesLeftError(MoorageError):
    """There are no places left."""

    code = "no_places_left"
    kind = "conflict"


class AlreadyEnrolledError(MoorageError):
    """This person is enrolled already."""

    code = "already_enrolled"
    kind = "conflict"


class HoldExpiredError(MoorageError):
    """The hold has expired; the time has to be booked again."""

    code = "hold_expired"
    kind = "conflict"


class ServiceUnavailableError(MoorageError):
    """This service cannot be booked."""

    code = "service_unavailable"
    kind = "conflict"


class OwnServiceError(InvalidError):
    """This is your own service; block the time instead of booking it."""

    code = "own_service"


class InvalidStartError(InvalidError):
    """A session is booked by its start, a workshop by its start or session, a course whole."""

    code = "invalid_start"


class TooManyParticipantsError(InvalidError):
    """More participants than this service takes."""

    code = "too_many_participants"


class ParticipantsFixedError(InvalidError):
    """How many take part, and at which price option, is part of the price and stays."""

    code = "participants_fixed"


class OptionRequiredError(InvalidError):
    """Each participant of this service chooses a price option."""

    code = "option_required"


class UnknownOptionError(InvalidError):
    """This service has no such price option."""

    code = "unknown_option"


class NotSupportedError(InvalidError):
    """This is not offered here yet."""

    code = "not_supported"


class UnknownProviderError(InvalidError):
    """There is no such payment provider here."""

    code = "unknown_provider"


class UnknownStatusError(InvalidError):
    """A booking is pending, confirmed, completed or cancelled."""

    code = "unknown_status"
