"""Why a provider's event is not processed now."""


class WaitError(Exception):
    """What the event is about is not here yet."""


class ParkedError(Exception):
    """The event is genuine and does not fit our books: it is for a person."""
