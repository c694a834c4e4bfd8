"""Idempotency as Square does it: a key in the body, one wish for each, and its first answer for ever."""

import json
from collections.abc import Callable
from typing import Any

from tests.fakes.square.errors import SquareRefusedError, bad

Body = dict[str, Any]


class Keys:
    """What was asked under each key, and what was answered."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, Body | SquareRefusedError]] = {}

    def clear(self) -> None:
        self.kept.clear()

    def once(self, call: str, asked: Body, act: Callable[[Body], Body], longest: int = 45) -> Body:
        """Act once for a key: repeated, the first answer; for another wish, IDEMPOTENCY_KEY_REUSED."""
        key = asked.get("idempotency_key")
        if key is None:
            return act(asked)
        if not 1 <= len(key) <= longest:
            raise bad("VALUE_TOO_LONG", f"Field must not be greater than {longest} in length")
        wish = json.dumps([call, asked], sort_keys=True)
        if key in self.kept:
            before, answer = self.kept[key]
            if before != wish:
                raise bad("IDEMPOTENCY_KEY_REUSED", "Different request parameters used for the same idempotency_key.")
        else:
            try:
                answer = act(asked)
            except SquareRefusedError as refusal:
                answer = refusal
            # Kept as it was answered, whatever becomes of the object.
            self.kept[key] = (
                wish,
                answer if isinstance(answer, SquareRefusedError) else json.loads(json.dumps(answer)),
            )
        if isinstance(answer, SquareRefusedError):
            raise answer
        return answer
