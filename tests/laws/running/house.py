"""Start, kill, restart and stop the real product in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from moorage.wiring.bundled import starter

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
ROOT = Path(__file__).resolve().parents[3]


@dataclass
class RunningHouse:
    """`moorage serve` in `home`, with `settings` added to its environment."""

    home: Path
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        return str(self.facts["base_url"])

    def start(self, **more_settings: str) -> None:
        """Start and wait until it answers. Raises with the end of its output when it does not come up."""
        (self.home / "demo.json").unlink(missing_ok=True)
        self.spawn(**more_settings)
        self.wait_until_ready()

    def spawn(self, **more_settings: str) -> None:
        """Start without waiting; for a process that is meant to die early."""
        port = self.facts.get("base_url", ":0").rsplit(":", 1)[1]
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")},
            "MOORAGE_HOME": str(self.home),
            "ENVIRONMENT": "test",
            "RATE_LIMIT_ENABLED": "false",
            "PYTHONPATH": str(ROOT),
            **self.settings,
            **more_settings,
        }
        with (self.home / "output.log").open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "moorage", "serve", "--port", port],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_until_ready(self) -> None:
        """Wait for demo.json and a healthy answer."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                break
            if self._answers():
                return
            time.sleep(0.05)
        message = f"the product did not come up:\n{self.output_tail()}"
        raise AssertionError(message)

    def _answers(self) -> bool:
        try:
            self.facts = json.loads((self.home / "demo.json").read_text())
            return httpx.get(f"{self.base_url}/health", timeout=2).status_code < 500
        except (OSError, ValueError, httpx.HTTPError):
            return False

    def output_tail(self, characters: int = 4000) -> str:
        """The end of what the process printed."""
        path = self.home / "output.log"
        return path.read_text(errors="replace")[-characters:] if path.exists() else ""

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def wait_for_death(self, timeout_s: float) -> bool:
        """True when the process ended by itself within the time."""
        assert self.process is not None
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """End the process at once, as a power cut would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    async def kill_postgres(self) -> None:
        """End the database server at once: the parent of whoever serves a connection."""
        db = await self.overseer()
        backend = await db.fetchval("SELECT pg_backend_pid()")
        status = Path(f"/proc/{backend}/status").read_text()
        await db.close()
        parent = next(line for line in status.splitlines() if line.startswith("PPid:"))
        os.kill(int(parent.split()[1]), signal.SIGKILL)

    def server_log(self) -> str:
        """All that the database server logged."""
        return (self.home / "postgres" / "server.log").read_text(errors="replace")

    def stop(self) -> None:
        """Stop as Ctrl-C would; kill when that takes too long."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    async def overseer(self) -> asyncpg.Connection:
        """A connection that sees everything, for checks and for moving time."""
        lease = starter.start(self.home)
        try:
            return await asyncpg.connect(lease.address.dsn("moorage"))
        finally:
            lease.stop()
