"""What the benchmarks of writes share: a durable server of their own, pgbench on it, and the CPU time of both."""

import asyncio
import contextlib
import os
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from moorage.wiring.bundled.address import ServerOptions
from moorage.wiring.bundled.place import program
from moorage.wiring.bundled.starter import Lease
from moorage.wiring.database import DatabaseAddresses, prepare_bundled
from moorage.wiring.migrate import migrate
from moorage.wiring.scratch import scratch_server

CLIENTS: Final = 16
ROUNDS: Final = 3
ROUND_S: Final = 4
_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Bench:
    """A migrated database on a server that nobody else uses, with fsync on."""

    addresses: DatabaseAddresses
    lease: Lease

    def database_cpu_s(self) -> float:
        """CPU seconds that the server's processes have taken since it started, ended ones included."""
        server = int((Path(self._data()) / "postmaster.pid").read_text().split()[0])
        total = sum(_times(server, with_ended=True))
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and _parent(int(entry.name)) == server:
                total += sum(_times(int(entry.name)))
        return total / _TICKS_A_SECOND

    async def pgbench(
        self,
        script: str,
        *,
        seconds: float = ROUND_S,
        transactions: int | None = None,
        clients: int = CLIENTS,
        dsn: str | None = None,
    ) -> float:
        """Transactions a second that pgbench reaches with `script` in prepared mode, as the worker's role unless `dsn`
        says otherwise: for some seconds, or for a number of `transactions` by each client.
        """
        length = f"--time={seconds:.0f}" if transactions is None else f"--transactions={transactions}"
        with tempfile.NamedTemporaryFile("w", suffix=".sql", encoding="utf-8") as file:
            file.write(script)
            file.flush()
            running = await asyncio.create_subprocess_exec(
                str(program("pgbench")),
                *("--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=2", length),
                "--define=n=0",  # a counter that a script may keep for each of its clients
                f"--file={file.name}",
                dsn or self.addresses.worker_dsn,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            out, errors = await running.communicate()
        await asyncio.sleep(0.2)  # until the server has seen its last client go
        found = re.search(r"tps = ([0-9.]+)", out.decode())
        if running.returncode or found is None:
            raise RuntimeError(f"pgbench failed:\n{errors.decode()[-2000:]}")
        return float(found[1])

    def _data(self) -> str:
        return str((self.lease.directory / "data").resolve())


@contextlib.asynccontextmanager
async def bench_server() -> AsyncIterator[Bench]:
    """A server of its own in a temporary directory, durable as a real one; gone afterwards."""
    with scratch_server(ServerOptions(durable=True)) as lease:
        addresses = await prepare_bundled(lease.address, "bench")
        await migrate(addresses.owner_dsn)
        yield Bench(addresses, lease)


@dataclass(frozen=True, slots=True)
class Turns:
    """What turns of pgbench and of ours reached, a second; `cpu_ms` is the database's CPU for one of ours."""

    pgbench: list[float]
    ours: list[float]
    cpu_ms: float

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return round(median(o / p for o, p in zip(self.ours, self.pgbench, strict=True)), 3)

    def facts(self) -> dict[str, Any]:
        """For the table or the JSON object."""
        return {
            "ratio": self.ratio,
            "cpu_ms": round(self.cpu_ms, 3),
            "pgbench_per_s": [round(rate) for rate in self.pgbench],
            "ours_per_s": [round(rate) for rate in self.ours],
        }


async def in_turns(
    bench: Bench,
    script: Callable[[int], str],
    ours: Callable[[float], Awaitable[int]],
    *,
    rounds: int = ROUNDS,
    seconds: float = ROUND_S,
    pgbench_dsn: str | None = None,
) -> Turns:
    """`rounds` times pgbench with `script(round)`, then `ours`, each for `seconds`; ours answers how many it did."""
    theirs_rates, ours_rates, cpu_s, done = [], [], 0.0, 0
    loop = asyncio.get_running_loop()
    await ours(0.5)  # connections opened, plans made
    for number in range(rounds):
        theirs_rates.append(await bench.pgbench(script(number), seconds=seconds, dsn=pgbench_dsn))
        before, started = bench.database_cpu_s(), loop.time()
        count = await ours(seconds)
        ours_rates.append(count / (loop.time() - started))
        cpu_s += bench.database_cpu_s() - before
        done += count
    return Turns(theirs_rates, ours_rates, 1000 * cpu_s / max(1, done))


async def repeat_for(seconds: float, once: Callable[[int], Awaitable[object]], *, at_a_time: int = CLIENTS) -> int:
    """Do `once(lane)` over and over in `at_a_time` lanes until `seconds` are over; answers how often it was done."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds

    async def lane(number: int) -> int:
        count = 0
        while loop.time() < end:
            await once(number)
            count += 1
        return count

    return sum(await asyncio.gather(*(lane(number) for number in range(at_a_time))))


def _times(pid: int, *, with_ended: bool = False) -> list[int]:
    """User and system ticks of a process, and of its ended children; none for one that is gone."""
    fields = _stat(pid)
    return [int(tick) for tick in fields[11 : 15 if with_ended else 13]]


def _parent(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[1]) if fields else None


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the program's name, which may hold spaces."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return []
