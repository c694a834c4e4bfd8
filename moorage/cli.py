"""The command line: each command a few lines that call into the house.

Exit codes: 0 done; 1 it found or met something wrong; 2 it was called wrongly.
"""

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from moorage.wiring.invoice_commands import invoice, quote, tax
from moorage.wiring.settings import Settings
from moorage.wiring.terminal import Json, fail, out, run, settings_of, tell

_DAYS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S"]

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
user = typer.Typer(no_args_is_help=True, help="People.")
stripe = typer.Typer(no_args_is_help=True, help="What Stripe keeps of ours.")
jobs = typer.Typer(no_args_is_help=True, help="The job queue.")
app.add_typer(user, name="user")
app.add_typer(stripe, name="stripe")
app.add_typer(tax, name="tax")
app.add_typer(invoice, name="invoice")
app.add_typer(quote, name="quote")
app.add_typer(jobs, name="jobs")


def main() -> None:
    """The entry point of `moorage` and `python -m moorage`."""
    app()


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on (HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on (PORT); the next free one if taken.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Web processes.")] = 1,
) -> None:
    """Start Moorage: database, web and worker. Ctrl-C stops it; data is kept."""
    from moorage.wiring.banner import banner  # noqa: PLC0415 - the web stack takes a second to import
    from moorage.wiring.logs import set_up_logs  # noqa: PLC0415 - as above
    from moorage.wiring.serving import serve as start  # noqa: PLC0415 - as above

    settings = _logged_to_files(settings_of(host=host, port=port))
    set_up_logs(settings)
    run(start(settings, workers=workers, tell=lambda ready: out.print(banner(ready))))


@app.command()
def payments(
    host: Annotated[str, typer.Option(help="The address to listen on; anybody who reaches it may use the keys.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(help="The port to listen on; the next free one if taken.")] = 8001,
) -> None:
    """Serve the payment providers' calls alone, for trying keys: no database, nothing stored. Ctrl-C stops it."""
    from moorage.wiring.logs import set_up_logs  # noqa: PLC0415 - as above
    from moorage.wiring.payments_app import Trying, serve_payments  # noqa: PLC0415 - as above

    def tell(trying: Trying) -> None:
        out.print(f"Providers' calls at {trying.base_url} · {trying.base_url}/docs", markup=False)
        out.print(f"Keys for: {', '.join(trying.providers) or 'no provider yet (set STRIPE_SECRET_KEY and so on)'}")
        out.print("The sandbox is not here, for it keeps its books in a database: `moorage serve` has it.")

    settings = settings_of(host=host, port=port)
    set_up_logs(settings)
    run(serve_payments(settings, tell))


@app.command("serve-on", hidden=True)
def serve_on(descriptor: int) -> None:
    """One web process of several, on a socket that is open already."""
    from moorage.wiring.logs import set_up_logs  # noqa: PLC0415 - as above
    from moorage.wiring.serving import serve_on as start  # noqa: PLC0415 - as above

    settings = _logged_to_files(settings_of())
    set_up_logs(settings)
    run(start(settings, descriptor))


def _logged_to_files(settings: Settings) -> Settings:
    """In development a terminal is for people; whoever runs a server reads its standard output."""
    if settings.log_dir is not None or settings.environment != "development":
        return settings
    return settings.model_copy(update={"log_dir": settings.moorage_home / "logs"})


@app.command()
def worker() -> None:
    """Run queued and periodic jobs alone; any number may run."""
    from moorage.wiring.logs import set_up_logs  # noqa: PLC0415 - as above
    from moorage.wiring.serving import run_worker  # noqa: PLC0415 - as above

    settings = settings_of()
    set_up_logs(settings)
    run(run_worker(settings))


@app.command()
def migrate(
    revision: Annotated[str, typer.Argument(help="Where to; `base` takes everything away.")] = "head",
    as_json: Json = False,
) -> None:
    """Bring the database to the schema of this version."""
    from moorage.wiring.commands import migrate_database  # noqa: PLC0415 - as above

    changed = run(migrate_database(settings_of(), revision))
    tell({"changed": changed, "revision": revision}, "Migrated." if changed else "Nothing to do.", as_json=as_json)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say what is set up, what is missing, and the line that fixes it."""
    from moorage.wiring.doctor import examine  # noqa: PLC0415 - as above

    findings = run(examine(settings_of()))
    if as_json:
        out.print_json(data={"ok": all(found.ok for found in findings), "checks": [found.told() for found in findings]})
    else:
        for found in findings:
            out.print(f"[{'green' if found.ok else 'red'}]{'ok' if found.ok else '!!'}[/] {found.name}: {found.detail}")
            if found.fix:
                out.print(f"     {found.fix}", markup=False)
    raise typer.Exit(0 if all(found.ok for found in findings) else 1)


@app.command()
def audit(as_json: Json = False) -> None:
    """Check the books: every sum, every payment, the provider's own record. Exits 1 and names each break."""
    from moorage.wiring.commands import audit_books  # noqa: PLC0415 - as above

    findings = run(audit_books(settings_of()))
    if as_json:
        out.print_json(data={"ok": not findings, "findings": findings}, default=str)
    else:
        for found in findings:
            out.print(f"!! {found['check']}: {found['subject']}: {found['detail']}", markup=False)
        out.print("The books balance." if not findings else f"{len(findings)} breaks.")
    raise typer.Exit(1 if findings else 0)


@app.command()
def reconcile(
    provider: Annotated[
        str, typer.Option("--provider", help="Whose books: stripe, paypal, square, razorpay, sandbox.")
    ],
    since: Annotated[datetime, typer.Option("--from", formats=_DAYS, help="From then on (UTC).")],
    until: Annotated[datetime | None, typer.Option("--to", formats=_DAYS, help="Until before then; now.")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Settle what the provider's word alone can settle.")] = False,
    as_json: Json = False,
) -> None:
    """Compare a provider's books with ours. Exits 1 and names each difference that is left."""
    from moorage.wiring.commands import reconcile_books  # noqa: PLC0415 - as above

    found = run(reconcile_books(settings_of(), provider, since, until, fix=fix))
    if as_json:
        out.print_json(data=found, default=str)
    else:
        for one in found["findings"]:
            outcome = f" -> {one['outcome']}" if one["outcome"] else ""
            out.print(f"!! {one['kind']} {one['movement']} {one['reference']}: {one['detail']}{outcome}", markup=False)
        out.print(f"{len(found['findings'])} differences, {found['new']} of them new, {found['fixed']} fixed.")
    raise typer.Exit(0 if found["ok"] else 1)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def bench(context: typer.Context) -> None:
    """Measure, against pgbench on the same server in the same run: `bench book [--http] [--json]`, `bench` for all."""
    from benchmarks.command import run_benchmarks  # noqa: PLC0415 - as above

    raise typer.Exit(run_benchmarks(list(context.args)))


@user.command("create")
def user_create(
    email: str,
    admin: Annotated[bool, typer.Option("--admin", help="May administer this installation.")] = False,
    first_name: str = "",
    last_name: str = "",
    as_json: Json = False,
) -> None:
    """Make an account; prints a link that signs in once, where a password can be set."""
    from moorage.wiring.commands import create_user  # noqa: PLC0415 - as above

    link = run(create_user(settings_of(), email, admin=admin, first_name=first_name, last_name=last_name))
    tell({"email": email, "admin": admin, "link": link}, f"Made. Sign in: {link}", as_json=as_json)


@app.command("login-link")
def login_link(email: str, as_json: Json = False) -> None:
    """Print a link that signs its visitor in once, without a password."""
    from moorage.wiring.commands import sign_in_link  # noqa: PLC0415 - as above

    link = run(sign_in_link(settings_of(), email))
    tell({"email": email, "link": link}, link, as_json=as_json)


@stripe.command("sync")
def stripe_sync(as_json: Json = False) -> None:
    """Create or update Stripe's products and prices from the catalog; safe to run twice."""
    from moorage.wiring.commands import sync_catalog  # noqa: PLC0415 - as above

    done = run(sync_catalog(settings_of(), "stripe"))
    tell(done, f"{done['put']} put, {done['unchanged']} unchanged, {done['retired']} retired.", as_json=as_json)


@jobs.command("failed")
def jobs_failed(as_json: Json = False) -> None:
    """List the jobs that failed for good. Exits 1 when there are any."""
    from moorage.wiring.commands import failed_jobs  # noqa: PLC0415 - as above

    rows = run(failed_jobs(settings_of()))
    if as_json:
        out.print_json(data={"failed": rows}, default=str)
    else:
        table = Table("id", "job", "attempts", "failed at", "error")
        for row in rows:
            table.add_row(*(str(row[name]) for name in ("id", "job", "attempts", "failed_at", "error")))
        out.print(table if rows else "No failed jobs.")
    raise typer.Exit(1 if rows else 0)


@jobs.command("retry")
def jobs_retry(job_id: int, as_json: Json = False) -> None:
    """Put a failed job back into the queue."""
    from moorage.wiring.commands import retry_job  # noqa: PLC0415 - as above

    if not run(retry_job(settings_of(), job_id)):
        fail(f"No failed job {job_id}.")
    tell({"id": job_id, "queued": True}, "Queued again.", as_json=as_json)
