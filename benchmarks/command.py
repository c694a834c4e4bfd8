"""What `moorage bench` runs: picks the benchmark, runs it on a server of its own, prints a table or one JSON object."""

import argparse
import importlib
import json
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table

# Name: module whose `run(**options)` answers a dict with at least ratio, cpu_ms and runs; and its options.
BENCHES: dict[str, tuple[str, tuple[str, ...]]] = {
    "book": ("benchmarks.book", ("http",)),
    "settle": ("benchmarks.settle", ()),
    "ledger": ("benchmarks.ledger", ()),
    "availability": ("benchmarks.availability", ()),
    "search": ("benchmarks.search", ()),
    "analytics": ("benchmarks.analytics", ()),
    "providers": ("benchmarks.providers", ()),
}


def run_benchmarks(arguments: list[str]) -> int:
    """Run the benchmark that is named, or all of them; returns the exit code."""
    parser = argparse.ArgumentParser(prog="moorage bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=sorted(BENCHES), help="which one; all when left out")
    parser.add_argument("--http", action="store_true", help="book: by POST /api/v1/bookings/ instead of in process")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(arguments)
    if given.http and given.name != "book":
        parser.error("--http belongs to `book`")
    results = {
        label: uvloop.run(importlib.import_module(module).run(**options))
        for label, module, options in _chosen(given.name, http=given.http)
    }
    if given.json:
        print(json.dumps(next(iter(results.values())) if given.name else results))
    else:
        _print_table(results)
    return 0


def _chosen(name: str | None, *, http: bool) -> list[tuple[str, str, dict[str, Any]]]:
    chosen: list[tuple[str, str, dict[str, Any]]] = []
    for label, (module, options) in BENCHES.items():
        if name not in {None, label}:
            continue
        if "http" not in options:
            chosen.append((label, module, {}))
        elif name is None:
            chosen += [(label, module, {"http": False}), (f"{label} --http", module, {"http": True})]
        else:
            chosen.append((f"{label} --http" if http else label, module, {"http": http}))
    return chosen


def _print_table(results: dict[str, dict[str, Any]]) -> None:
    table = Table("bench", "measure", "value")
    for label, facts in results.items():
        for index, (measure, value) in enumerate(facts.items()):
            table.add_row(label if index == 0 else "", measure, json.dumps(value))
        table.add_section()
    Console(highlight=False).print(table)
