"""Everything that runs without anybody asking: one line each, a call into a journey or a domain."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from moorage.journeys.book_and_pay import release_expired_holds
from moorage.journeys.cancel_subscription import END_SUBSCRIPTION, end_subscription
from moorage.journeys.collect_payment import cancel_stale_payments
from moorage.journeys.complete import release_due_earnings
from moorage.journeys.dun_invoices import dun_invoices
from moorage.journeys.follow_payouts import follow_payouts
from moorage.journeys.house import House
from moorage.journeys.mail_receipt import MAIL_RECEIPT, mail_receipt
from moorage.journeys.open_account import SEND_VERIFY_LINK, send_verify_link
from moorage.journeys.pay_out import pay_out_weekly
from moorage.journeys.process_events import process_due_events
from moorage.journeys.provider_calls import carry_out, recover_operations
from moorage.journeys.receive_event import poll_providers
from moorage.journeys.reconcile import reconcile_daily
from moorage.journeys.reset_password import SEND_RESET_LINK, send_reset_link
from moorage.journeys.roll_free_days import roll_free_days
from moorage.journeys.send_mail import SEND_MAIL, send_mail
from moorage.journeys.tally_payments import tally_payments
from moorage.journeys.tidy_up import tidy_up
from moorage.wiring.providers import sandbox
from moorage.wiring.settings import Settings

Job = Callable[[House, Mapping[str, Any]], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Periodic:
    """A chore that one worker does every `every_s` seconds; a `prompt` one also whenever the bell rings."""

    name: str
    every_s: float
    chore: Callable[[], Awaitable[object]]
    prompt: bool = False


async def _carry_out(house: House, payload: Mapping[str, Any]) -> None:
    await carry_out(house, UUID(payload["operation_id"]))


# Queue entrypoint: what runs it. Every job may run twice.
JOBS: dict[str, Job] = {
    "carry_out": _carry_out,
    SEND_VERIFY_LINK: send_verify_link,
    SEND_RESET_LINK: send_reset_link,
    SEND_MAIL: send_mail,
    MAIL_RECEIPT: mail_receipt,
    END_SUBSCRIPTION: end_subscription,
}


def jobs() -> Iterator[tuple[str, Job]]:
    """Each queue entrypoint with the function that runs it."""
    yield from JOBS.items()


def periodic(settings: Settings, house: House) -> Iterator[Periodic]:
    """Every chore of this installation."""
    yield Periodic("call_providers", 1, partial(recover_operations, house), prompt=True)
    yield Periodic(
        "process_events", 1, partial(process_due_events, house, attempts=settings.webhook_attempts), prompt=True
    )
    yield Periodic("poll_providers", 60, partial(poll_providers, house))
    yield Periodic("release_expired_holds", 2, partial(release_expired_holds, house))
    yield Periodic("release_earnings", 60, partial(release_due_earnings, house))
    yield Periodic("follow_payouts", 600, partial(follow_payouts, house))
    yield Periodic("pay_out_weekly", 300, partial(pay_out_weekly, house))
    yield Periodic("cancel_stale_payments", 300, partial(cancel_stale_payments, house))
    yield Periodic("reconcile_daily", 900, partial(reconcile_daily, house))
    yield Periodic("roll_free_days", 3600, partial(roll_free_days, house))
    yield Periodic("dun_invoices", 600, partial(dun_invoices, house))
    yield Periodic("tally_payments", 60, partial(tally_payments, house))
    yield Periodic("tidy_up", 3600, partial(tidy_up, house))
    own_gateway = sandbox(settings, house)
    if own_gateway is not None:
        yield Periodic("deliver_sandbox_events", 1, own_gateway.deliver_due, prompt=True)
        yield Periodic("prune_sandbox", 3600, own_gateway.prune)
