"""What every story needs at hand; made once by the wiring, passed to every journey."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from moorage.domains.accounts.passwords import Passwords
from moorage.domains.accounts.policy import AccountTerms
from moorage.domains.invoicing.links import DocumentLinks
from moorage.domains.invoicing.policy import InvoicingTerms
from moorage.domains.notifications.gateway import MailGateway
from moorage.domains.payments.gateway import PaymentGateway
from moorage.domains.payments.inbox import Inbox
from moorage.domains.payouts.policy import PayoutTerms
from moorage.kernel.bell import Bell
from moorage.kernel.clock import Clock, system_clock
from moorage.kernel.db import Database
from moorage.kernel.ids import Ids, uuid7


@dataclass(frozen=True, slots=True)
class BookingTerms:
    """The business's rules of holds and payments. `tiers`: (month's gross above, in whole units; basis points)."""

    hold_minutes: int = 15
    payment_hours: int = 24
    refund_window_hours: int = 24
    commission_bps: int = 500
    commission_tiers: tuple[tuple[int, int], ...] = ((5_000, 400), (10_000, 300))
    default_provider: str = "sandbox"
    business_timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class House:
    """Database, clock, ids, providers, links, terms, the threads that passwords are hashed in, the bell to ring after
    committing work for others, and the inbox of providers' events.
    """

    database: Database
    gateways: Mapping[str, PaymentGateway]
    links: DocumentLinks
    terms: BookingTerms = field(default_factory=BookingTerms)
    clock: Clock = system_clock
    ids: Ids = uuid7
    public_url: str = "http://127.0.0.1:8000"
    business_name: str = "Moorage"
    accounts: AccountTerms = field(default_factory=AccountTerms)
    invoicing: InvoicingTerms = field(default_factory=InvoicingTerms)
    payouts: PayoutTerms = field(default_factory=PayoutTerms)
    passwords: Passwords = field(default_factory=Passwords)
    bell: Bell = field(default_factory=Bell)
    inbox: Inbox = field(default_factory=Inbox)
    mail: MailGateway | None = None  # None: mails are kept to be read
