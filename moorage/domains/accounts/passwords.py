"""Passwords: Argon2id (RFC 9106) at 19 MiB, two passes, one lane, in a bounded thread pool.

The parameters are OWASP's minimum for Argon2id; 16 ms each on the reference machine. The pool bounds memory and keeps
the event loop free; when too many wait, the service says that it is busy instead of letting them wait.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from pwdlib.hashers.argon2 import Argon2Hasher

from moorage.kernel.errors import UnavailableError

MAX_WAITING: Final = 64
T = TypeVar("T")


class Passwords:
    """Hashes and verifies, `threads` at a time."""

    def __init__(self, threads: int = 2) -> None:
        """The threads start with the first password."""
        self._hasher = Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="passwords")
        self._waiting = 0
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """The hash to keep. Raises UnavailableError when too many wait already."""
        return await self._run(self._hasher.hash, password)

    async def verify(self, password: str, kept: str | None) -> bool:
        """Whether `password` is the one whose hash was `kept`. None (no such account, or one without a password)
        takes as long and is never right. Raises UnavailableError when too many wait already.
        """
        if self._nobodys is None:
            self._nobodys = await self._run(self._hasher.hash, "nobody's password")
        right: bool = await self._run(self._hasher.verify, password, kept or self._nobodys)
        return right and kept is not None

    async def _run(self, work: Callable[..., T], *arguments: str) -> T:
        if self._waiting >= MAX_WAITING:
            raise UnavailableError
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
        finally:
            self._waiting -= 1
