"""Tables of the ledger: double entry, append-only, per currency; and what practitioners earned."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)

from moorage.kernel.tables import (
    created_at,
    currency_check,
    id_column,
    instant,
    metadata,
    minor,
    one_of,
    reference,
    text_column,
    updated_at,
)

accounts = Table(
    "ledger_accounts",
    metadata,
    Column("no", BigInteger, Identity(always=True), primary_key=True),
    # For instance `clearing:sandbox`, `held:bookings`, `earnings_pending:{practitioner id}`.
    text_column("code"),
    text_column("currency"),
    text_column("kind"),
    # Whose balance it is (a practitioner or user), for row-level security; NULL for the business's own.
    Column("owner_id", Uuid),
    # Guarded: the balance (credit minus debit) may not go below zero; the posting locks its one row and checks.
    Column("guarded", Boolean, nullable=False, server_default="false"),
    # How many rows share the balance: 1 where somebody must read it exactly while posting, many where all post.
    Column("shards", SmallInteger, nullable=False, server_default="1"),
    created_at(),
    one_of("kind", "asset", "liability", "income", "expense"),
    currency_check(),
    CheckConstraint("shards BETWEEN 1 AND 256", name="shards_range"),
    CheckConstraint("NOT guarded OR shards = 1", name="guarded_is_one_row"),
    UniqueConstraint("code", "currency"),
    Index("ix_ledger_accounts_owner", "owner_id"),
)

balances = Table(
    "ledger_balances",
    metadata,
    Column("account_no", BigInteger, ForeignKey("ledger_accounts.no", ondelete="RESTRICT"), primary_key=True),
    Column("shard", SmallInteger, primary_key=True),
    # Debits are positive, credits negative, as in the entries.
    minor("balance_minor", default=0),
    postgresql_with={"fillfactor": "50"},
)

transactions = Table(
    "ledger_transactions",
    metadata,
    id_column(),
    text_column("kind"),
    # What caused it, for people: a payment, refund, dispute, booking; and the key by which it cannot post twice.
    text_column("reference_type"),
    Column("reference_id", Uuid, nullable=False),
    text_column("cause"),
    text_column("currency"),
    Column("reverses_id", Uuid, ForeignKey("ledger_transactions.id", ondelete="RESTRICT")),
    # SHA-256 over this row and its entries, so that a later change by any hand is found by the audit.
    Column("seal", LargeBinary, nullable=False),
    instant("posted_at", default_now=True),
    currency_check(),
    UniqueConstraint("cause"),
    Index("ix_ledger_transactions_reference", "reference_id"),
)

entries = Table(
    "ledger_entries",
    metadata,
    Column("transaction_id", Uuid, ForeignKey("ledger_transactions.id", ondelete="RESTRICT"), primary_key=True),
    Column("line", SmallInteger, primary_key=True),
    Column("account_no", BigInteger, ForeignKey("ledger_accounts.no", ondelete="RESTRICT"), nullable=False),
    # Debit positive, credit negative; a transaction's lines sum to zero, checked at commit.
    minor("amount_minor"),
    # The account's balance after this entry, where the account keeps one row.
    minor("balance_after_minor", nullable=True),
    CheckConstraint("amount_minor <> 0", name="amount_not_zero"),
    Index("ix_ledger_entries_account", "account_no", "transaction_id"),
)

# What a practitioner earned by one receipt of money: gross = commission + net; reversals in the running totals.
earnings = Table(
    "earnings",
    metadata,
    id_column(),
    reference("practitioner_id", "practitioners.id"),
    # The booking and payment that earned it, by id (their tables are elsewhere in the order of domains).
    Column("booking_id", Uuid, nullable=False),
    Column("payment_id", Uuid, nullable=False),
    text_column("currency"),
    minor("gross_minor"),
    Column("commission_bps", Integer, nullable=False),
    minor("commission_minor"),
    minor("net_minor"),
    minor("reversed_gross_minor", default=0),
    minor("reversed_commission_minor", default=0),
    # True where the business itself delivers: all of it went to `sales`, nobody is owed.
    Column("is_sale", Boolean, nullable=False, server_default="false"),
    text_column("status", default="pending"),
    instant("available_at", nullable=True),
    # While a dispute is open it is not released; `releases` counts how often it was.
    instant("held_at", nullable=True),
    Column("releases", Integer, nullable=False, server_default="0"),
    created_at(),
    updated_at(),
    one_of("status", "pending", "available", "paid", "reversed"),
    currency_check(),
    CheckConstraint("gross_minor > 0 AND gross_minor = commission_minor + net_minor", name="adds_up"),
    CheckConstraint(
        "reversed_gross_minor BETWEEN 0 AND gross_minor AND reversed_commission_minor BETWEEN 0 AND commission_minor",
        name="reversed_range",
    ),
    UniqueConstraint("payment_id"),
    Index("ix_earnings_practitioner", "practitioner_id", "created_at"),
    Index("ix_earnings_booking", "booking_id"),
    Index("ix_earnings_due", "available_at", postgresql_where=text("status = 'pending' AND held_at IS NULL")),
)

# What one payment brought for our own sales: gross = net + tax; reversals in the running totals.
receipts = Table(
    "receipts",
    metadata,
    Column("payment_id", Uuid, primary_key=True),
    # What was paid for, by id: an invoice.
    Column("reference_id", Uuid, nullable=False),
    text_column("currency"),
    minor("gross_minor"),
    minor("tax_minor"),
    minor("reversed_gross_minor", default=0),
    minor("reversed_tax_minor", default=0),
    created_at(),
    updated_at(),
    currency_check(),
    CheckConstraint("gross_minor > 0 AND tax_minor BETWEEN 0 AND gross_minor", name="amounts"),
    CheckConstraint(
        "reversed_gross_minor BETWEEN 0 AND gross_minor AND reversed_tax_minor BETWEEN 0 AND tax_minor",
        name="reversed_range",
    ),
    Index("ix_receipts_reference", "reference_id"),
)
