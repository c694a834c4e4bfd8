"""The commands of invoices, quotes and tax: `moorage invoice …`, `moorage quote …`, `moorage tax …`."""

from typing import Annotated, Any
from uuid import UUID

import typer
from rich.table import Table

from moorage.wiring.terminal import Json, out, run, settings_of, tell

tax = typer.Typer(no_args_is_help=True, help="Rates of tax by country and region; TAX_COUNTRY says which is ours.")
invoice = typer.Typer(no_args_is_help=True, help="Invoices by their numbers.")
quote = typer.Typer(no_args_is_help=True, help="Quotes.")


@invoice.command("list")
def invoice_list(
    status: Annotated[str | None, typer.Option(help="draft, open, overdue, paid, void or uncollectible.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    *,
    as_json: Json = False,
) -> None:
    """List invoices, the newest first, each with the address of its page."""
    from moorage.wiring.commands import list_invoices  # noqa: PLC0415 - takes its time to import

    rows = run(list_invoices(settings_of(), status, limit))
    if as_json:
        out.print_json(data={"invoices": rows}, default=str)
        return
    table = Table("number", "status", "customer", "total", "to pay", "due", "page")
    for row in rows:
        table.add_row(
            *(str(row[name] or "") for name in ("number", "status", "customer", "total", "owed", "due", "page"))
        )
    out.print(table if rows else "No invoices.")


@invoice.command("void")
def invoice_void(number: str, reason: str, *, as_json: Json = False) -> None:
    """Void an invoice for which nothing was paid; its number stays used."""
    from moorage.wiring.commands import end_invoice  # noqa: PLC0415

    tell(run(end_invoice(settings_of(), number, void_for=reason)), f"{number} is void.", as_json=as_json)


@invoice.command("write-off")
def invoice_write_off(number: str, *, as_json: Json = False) -> None:
    """Give an open invoice up: it may still be paid, and nobody is reminded of it."""
    from moorage.wiring.commands import end_invoice  # noqa: PLC0415

    tell(run(end_invoice(settings_of(), number, void_for=None)), f"{number} is written off.", as_json=as_json)


@quote.command("withdraw")
def quote_withdraw(quote_id: UUID, *, as_json: Json = False) -> None:
    """Take an open quote back."""
    from moorage.wiring.commands import take_quote_back  # noqa: PLC0415

    tell(run(take_quote_back(settings_of(), quote_id)), "Withdrawn.", as_json=as_json)


@tax.command("set")
def tax_set(
    country: Annotated[str, typer.Argument(help="ISO 3166-1: GB, US, …")],
    percent: Annotated[str, typer.Argument(help="20, 7.25, …")],
    *,
    region: Annotated[str, typer.Option(help="A part of the country, as TAX_REGION names it.")] = "",
    name: Annotated[str, typer.Option(help="What it is called.")] = "VAT",
    on_top: Annotated[bool, typer.Option("--on-top", help="Lines of invoices are meant before this tax.")] = False,
    as_json: Json = False,
) -> None:
    """Write the rate of a country or region, and show the table."""
    from moorage.wiring.commands import write_tax_rate  # noqa: PLC0415 - takes its time to import

    table = run(write_tax_rate(settings_of(), country, region, name, percent, inclusive=not on_top))
    _show_rates(table, as_json=as_json)


@tax.command("list")
def tax_list(*, as_json: Json = False) -> None:
    """Show the table of rates."""
    from moorage.wiring.commands import list_tax_rates  # noqa: PLC0415

    _show_rates(run(list_tax_rates(settings_of())), as_json=as_json)


def _show_rates(rates: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        out.print_json(data={"rates": rates})
        return
    table = Table("country", "region", "name", "per cent", "in the price", "ours")
    for rate in rates:
        yes = ["yes" if rate[name] else "" for name in ("inclusive", "applies")]
        table.add_row(rate["country"], rate["region"], rate["name"], f"{rate['bps'] / 100:g}", *yes)
    out.print(table if rates else "No rates. `moorage tax set GB 20` writes one.")
