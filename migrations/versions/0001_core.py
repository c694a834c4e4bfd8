"""core

The rule of deploys: the version that runs now and the version that comes next share this database for a while, and
either may be stopped at any moment. So a migration only adds, and only what the running version can live without:

- A new column is nullable or has a constant default. A new constraint is added NOT VALID and validated in a later
  migration. A new index on a table with rows is made CONCURRENTLY, in a migration of its own.
- A column, table or function that is no longer used is removed one release after the last one that used it. A rename
  is an addition, a copy and, one release later, a removal.
- Rows are rewritten in batches by a job, not here.
- No lock is waited for longer than below: everybody else who needs that table waits behind the migration.
- `downgrade` brings back the tables; it may lose what only the newer version knew, and says so here.

Functions, views, triggers and policies are not written here: they lie in the `*.sql` files beside their domain and are
applied after the migrations (docs/decisions).
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '5min'")
    op.create_table(
        "audit_log",
        sa.Column("no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_actor", "audit_log", ["actor_id", "created_at"], unique=False)
    op.create_index("ix_audit_log_subject", "audit_log", ["subject_id"], unique=False)
    op.create_table(
        "categories",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint("slug", name=op.f("uq_categories_slug")),
    )
    op.create_table(
        "customer_tallies",
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.Uuid(), nullable=False),
        sa.Column("spent_minor", sa.BigInteger(), nullable=False),
        sa.Column("payments", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_customer_tallies_currency_code")),
        sa.PrimaryKeyConstraint("currency", "payer_id", name=op.f("pk_customer_tallies")),
    )
    op.create_index("ix_customer_tallies_payer", "customer_tallies", ["payer_id"], unique=False)
    op.create_table(
        "free_days",
        sa.Column("resource_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("bits", postgresql.BIT(length=288), nullable=False),
        sa.Column("ragged", sa.Boolean(), server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("resource_no", "day", name=op.f("pk_free_days")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("ix_free_days_day", "free_days", ["day", "resource_no"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="running", nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("content_type", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('running', 'answered')", name=op.f("ck_idempotency_keys_state_known")),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_expires_at"), "idempotency_keys", ["expires_at"], unique=False)
    op.create_table(
        "invoice_series",
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("last_no", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_invoice_series")),
    )
    op.create_table(
        "ledger_accounts",
        sa.Column("no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("guarded", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("shards", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_ledger_accounts_currency_code")),
        sa.CheckConstraint(
            "kind IN ('asset', 'liability', 'income', 'expense')", name=op.f("ck_ledger_accounts_kind_known")
        ),
        sa.CheckConstraint("NOT guarded OR shards = 1", name=op.f("ck_ledger_accounts_guarded_is_one_row")),
        sa.CheckConstraint("shards BETWEEN 1 AND 256", name=op.f("ck_ledger_accounts_shards_range")),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_ledger_accounts")),
        sa.UniqueConstraint("code", "currency", name=op.f("uq_ledger_accounts_code_currency")),
    )
    op.create_index("ix_ledger_accounts_owner", "ledger_accounts", ["owner_id"], unique=False)
    op.create_table(
        "ledger_transactions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference_type", sa.Text(), nullable=False),
        sa.Column("reference_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_ledger_transactions_currency_code")),
        sa.ForeignKeyConstraint(
            ["reverses_id"],
            ["ledger_transactions.id"],
            name=op.f("fk_ledger_transactions_reverses_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transactions")),
        sa.UniqueConstraint("cause", name=op.f("uq_ledger_transactions_cause")),
    )
    op.create_index("ix_ledger_transactions_reference", "ledger_transactions", ["reference_id"], unique=False)
    op.create_table(
        "mails",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('queued', 'sent', 'kept', 'failed')", name=op.f("ck_mails_status_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
        sa.UniqueConstraint("cause", name=op.f("uq_mails_cause")),
    )
    op.create_index("ix_mails_recent", "mails", ["created_at"], unique=False)
    op.create_index(
        "ix_mails_user", "mails", ["user_id"], unique=False, postgresql_where=sa.text("user_id IS NOT NULL")
    )
    op.create_table(
        "outside_busy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource_no", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "NOT isempty(during) AND lower(during) IS NOT NULL AND upper(during) IS NOT NULL",
            name=op.f("ck_outside_busy_bounded"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_busy")),
    )
    op.create_index(
        "ix_outside_busy_during",
        "outside_busy",
        [sa.literal_column("int8range(resource_no, resource_no, '[]')"), "during"],
        unique=False,
        postgresql_using="gist",
    )
    op.create_table(
        "payment_tallies",
        sa.Column("day_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("payment_type", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("payments", sa.BigInteger(), nullable=False),
        sa.Column("collected", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("canceled", sa.BigInteger(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.Column("given_back", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("lost_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_payment_tallies_currency_code")),
        sa.PrimaryKeyConstraint("day_start", "currency", "payment_type", "method", name=op.f("pk_payment_tallies")),
    )
    op.create_table(
        "payout_weeks",
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("week", name=op.f("pk_payout_weeks")),
    )
    op.create_table(
        "portal_links",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_portal_links")),
    )
    op.create_index(op.f("ix_portal_links_expires_at"), "portal_links", ["expires_at"], unique=False)
    op.create_table(
        "provider_cursors",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("polled_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_provider_cursors")),
    )
    op.create_table(
        "provider_products",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("local_key", sa.Text(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('product', 'price')", name=op.f("ck_provider_products_kind_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_products")),
        sa.UniqueConstraint(
            "provider",
            "kind",
            "local_key",
            "provider_ref",
            name=op.f("uq_provider_products_provider_kind_local_key_provider_ref"),
        ),
    )
    op.create_table(
        "rate_limits",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("window_no", sa.BigInteger(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "window_no", name=op.f("pk_rate_limits")),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "receipts",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("reference_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("reversed_gross_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reversed_tax_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_receipts_currency_code")),
        sa.CheckConstraint("gross_minor > 0 AND tax_minor BETWEEN 0 AND gross_minor", name=op.f("ck_receipts_amounts")),
        sa.CheckConstraint(
            "reversed_gross_minor BETWEEN 0 AND gross_minor AND reversed_tax_minor BETWEEN 0 AND tax_minor",
            name=op.f("ck_receipts_reversed_range"),
        ),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_receipts")),
    )
    op.create_index("ix_receipts_reference", "receipts", ["reference_id"], unique=False)
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("client_reference", sa.Uuid(), nullable=True),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("can_be_paid", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("client_reference", name=op.f("uq_accounts_client_reference")),
        sa.UniqueConstraint("no", name=op.f("uq_accounts_no")),
        schema="sandbox",
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("no", name=op.f("uq_events_no")),
        schema="sandbox",
    )
    op.create_index("ix_events_created_at", "events", ["created_at"], unique=False, schema="sandbox")
    op.create_table(
        "faults",
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("percent", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_calls", sa.Integer(), server_default="0", nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("operations", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("next_calls >= 0", name=op.f("ck_faults_next_calls_range")),
        sa.CheckConstraint("percent BETWEEN 0 AND 100", name=op.f("ck_faults_percent_range")),
        sa.PrimaryKeyConstraint("fault", name=op.f("pk_faults")),
        schema="sandbox",
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_idempotency_keys")),
        schema="sandbox",
    )
    op.create_index(
        op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"], unique=False, schema="sandbox"
    )
    op.create_table(
        "payouts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("client_reference", sa.Uuid(), nullable=True),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("ripe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_payouts_currency_code")),
        sa.CheckConstraint("status IN ('pending', 'paid', 'failed')", name=op.f("ck_payouts_status_known")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payouts_amount_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payouts")),
        sa.UniqueConstraint("client_reference", name=op.f("uq_payouts_client_reference")),
        sa.UniqueConstraint("no", name=op.f("uq_payouts_no")),
        schema="sandbox",
    )
    op.create_index("ix_payouts_account", "payouts", ["account", "currency"], unique=False, schema="sandbox")
    op.create_index(
        "ix_payouts_ripe",
        "payouts",
        ["ripe_at"],
        unique=False,
        schema="sandbox",
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("client_reference", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), server_default="incomplete", nullable=False),
        sa.Column("items", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("interval_unit", sa.Text(), nullable=False),
        sa.Column("payer_email", sa.Text(), nullable=True),
        sa.Column("return_url", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("period_starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("period_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_at_period_end", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("canceled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_subscriptions_currency_code")),
        sa.CheckConstraint(
            "interval_unit IN ('day', 'week', 'month', 'year')", name=op.f("ck_subscriptions_interval_unit_known")
        ),
        sa.CheckConstraint(
            "status IN ('incomplete', 'active', 'past_due', 'canceled', 'expired')",
            name=op.f("ck_subscriptions_status_known"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_subscriptions_amount_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("client_reference", name=op.f("uq_subscriptions_client_reference")),
        sa.UniqueConstraint("no", name=op.f("uq_subscriptions_no")),
        schema="sandbox",
    )
    op.create_index(
        "ix_subscriptions_due",
        "subscriptions",
        ["period_ends_at"],
        unique=False,
        schema="sandbox",
        postgresql_where=sa.text("status IN ('active', 'past_due')"),
    )
    op.create_table(
        "transfers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("client_reference", sa.Uuid(), nullable=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reversed_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_transfers_currency_code")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_transfers_amount_positive")),
        sa.CheckConstraint("reversed_minor BETWEEN 0 AND amount_minor", name=op.f("ck_transfers_never_over_reversed")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfers")),
        sa.UniqueConstraint("client_reference", name=op.f("uq_transfers_client_reference")),
        sa.UniqueConstraint("no", name=op.f("uq_transfers_no")),
        schema="sandbox",
    )
    op.create_index("ix_transfers_account", "transfers", ["account", "currency"], unique=False, schema="sandbox")
    op.create_table(
        "tallied_days",
        sa.Column("day_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day_end", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("day_start < day_end", name=op.f("ck_tallied_days_day_order")),
        sa.PrimaryKeyConstraint("day_start", name=op.f("pk_tallied_days")),
    )
    op.create_table(
        "tally_state",
        sa.Column("no", sa.SmallInteger(), nullable=False),
        sa.Column("taken_in_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_payment_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("no = 1", name=op.f("ck_tally_state_one_row")),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_tally_state")),
    )
    op.create_table(
        "tax_rates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("bps", sa.Integer(), nullable=False),
        sa.Column("inclusive", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("applies", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name=op.f("ck_tax_rates_country_code")),
        sa.CheckConstraint("bps BETWEEN 0 AND 10000", name=op.f("ck_tax_rates_bps_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rates")),
        sa.UniqueConstraint("country", "region", name=op.f("uq_tax_rates_country_region")),
    )
    op.create_index("uq_tax_rates_applies", "tax_rates", ["applies"], unique=True, postgresql_where=sa.text("applies"))
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("first_name", sa.Text(), server_default="", nullable=False),
        sa.Column("middle_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), server_default="", nullable=False),
        sa.Column("phone_number", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), server_default="user", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("email_verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bio", sa.Text(), server_default="", nullable=False),
        sa.Column("avatar", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("location", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "preferences",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("role IN ('user', 'admin', 'owner')", name=op.f("ck_users_role_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_index("uq_users_email_lower", "users", [sa.literal_column("lower(email)")], unique=True)
    op.create_table(
        "webhook_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Text(), server_default="received", nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('received', 'processed', 'ignored', 'parked')", name=op.f("ck_webhook_events_status_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_events")),
        sa.UniqueConstraint("provider", "event_id", name=op.f("uq_webhook_events_provider_event_id")),
    )
    op.create_index(
        "ix_webhook_events_due",
        "webhook_events",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("status = 'received'"),
    )
    op.create_index(
        "ix_webhook_events_parked",
        "webhook_events",
        ["received_at"],
        unique=False,
        postgresql_where=sa.text("status = 'parked'"),
    )
    op.create_table(
        "webhook_rejections",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("deliveries", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("provider", "day", "reason", name=op.f("pk_webhook_rejections")),
    )
    op.create_table(
        "zone_offsets",
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offset_minutes", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_zone_offsets_not_empty")),
        sa.PrimaryKeyConstraint("zone", "starts_at", name=op.f("pk_zone_offsets")),
    )
    op.create_table(
        "zone_release",
        sa.Column("is_only", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("is_only", name=op.f("ck_zone_release_one_row")),
        sa.PrimaryKeyConstraint("is_only", name=op.f("pk_zone_release")),
    )
    op.create_table(
        "account_links",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('verify_email', 'reset_password', 'sign_in')", name=op.f("ck_account_links_purpose_known")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_account_links_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_account_links")),
    )
    op.create_index(op.f("ix_account_links_expires_at"), "account_links", ["expires_at"], unique=False)
    op.create_index(op.f("ix_account_links_user_id"), "account_links", ["user_id"], unique=False)
    op.create_table(
        "external_identities",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("is_admin", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_external_identities_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_external_identities")),
    )
    op.create_index(op.f("ix_external_identities_subject"), "external_identities", ["subject"], unique=False)
    op.create_index(op.f("ix_external_identities_user_id"), "external_identities", ["user_id"], unique=False)
    op.create_table(
        "ledger_balances",
        sa.Column("account_no", sa.BigInteger(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["account_no"], ["ledger_accounts.no"], name=op.f("fk_ledger_balances_account_no"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("account_no", "shard", name=op.f("pk_ledger_balances")),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "ledger_entries",
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.SmallInteger(), nullable=False),
        sa.Column("account_no", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("balance_after_minor", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_ledger_entries_amount_not_zero")),
        sa.ForeignKeyConstraint(
            ["account_no"], ["ledger_accounts.no"], name=op.f("fk_ledger_entries_account_no"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["ledger_transactions.id"],
            name=op.f("fk_ledger_entries_transaction_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("transaction_id", "line", name=op.f("pk_ledger_entries")),
    )
    op.create_index("ix_ledger_entries_account", "ledger_entries", ["account_no", "transaction_id"], unique=False)
    op.create_table(
        "payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("purpose_id", sa.Uuid(), nullable=True),
        sa.Column("payer_id", sa.Uuid(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column("payment_method", sa.Text(), nullable=True),
        sa.Column("client_secret", sa.Text(), nullable=True),
        sa.Column("checkout_url", sa.Text(), nullable=True),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("capture_method", sa.Text(), server_default="automatic", nullable=False),
        sa.Column("authorized_minor", sa.BigInteger(), nullable=True),
        sa.Column("mode", sa.Text(), server_default="intent", nullable=False),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("return_url", sa.Text(), nullable=True),
        sa.Column("cancel_url", sa.Text(), nullable=True),
        sa.Column("payer_email", sa.Text(), nullable=True),
        sa.Column(
            "provider_ids",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("tax_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=True),
        sa.Column("fee_currency", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refund_pending_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("disputed_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "metadata", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("succeeded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("capture_method IN ('automatic', 'manual')", name=op.f("ck_payments_capture_method_known")),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_payments_currency_code")),
        sa.CheckConstraint(
            "mode IN ('intent', 'checkout', 'subscription', 'invoice')", name=op.f("ck_payments_mode_known")
        ),
        sa.CheckConstraint(
            "purpose IN ('booking_full', 'booking_deposit', 'booking_balance', 'booking_add_on', 'invoice', 'credit', 'package', 'subscription', 'free_amount')",
            name=op.f("ck_payments_purpose_known"),
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'requires_action', 'processing', 'succeeded', 'partially_refunded', 'refunded', 'disputed', 'charged_back', 'failed', 'canceled')",
            name=op.f("ck_payments_status_known"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payments_amount_positive")),
        sa.CheckConstraint("disputed_minor BETWEEN 0 AND amount_minor", name=op.f("ck_payments_disputed_range")),
        sa.CheckConstraint(
            "refunded_minor >= 0 AND refund_pending_minor >= 0 AND refunded_minor + refund_pending_minor <= amount_minor",
            name=op.f("ck_payments_never_over_refunded"),
        ),
        sa.CheckConstraint("tax_minor BETWEEN 0 AND amount_minor", name=op.f("ck_payments_tax_range")),
        sa.ForeignKeyConstraint(["payer_id"], ["users.id"], name=op.f("fk_payments_payer_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("no", name=op.f("uq_payments_no")),
        sa.UniqueConstraint("provider", "provider_ref", name=op.f("uq_payments_provider_provider_ref")),
    )
    op.create_index(
        "ix_payments_created", "payments", ["created_at", "updated_at"], unique=False, postgresql_using="brin"
    )
    op.create_index(
        "ix_payments_free_created",
        "payments",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("purpose = 'free_amount'"),
    )
    op.create_index(
        "ix_payments_free_currency",
        "payments",
        ["currency", "created_at"],
        unique=False,
        postgresql_where=sa.text("purpose = 'free_amount'"),
    )
    op.create_index(
        "ix_payments_free_provider",
        "payments",
        ["provider", "created_at"],
        unique=False,
        postgresql_where=sa.text("purpose = 'free_amount'"),
    )
    op.create_index(
        "ix_payments_free_status",
        "payments",
        ["status", "created_at"],
        unique=False,
        postgresql_where=sa.text("purpose = 'free_amount'"),
    )
    op.create_index("ix_payments_newest", "payments", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_payments_open",
        "payments",
        ["provider", "updated_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('pending', 'requires_action', 'processing')"),
    )
    op.create_index("ix_payments_payer", "payments", ["payer_id", "created_at"], unique=False)
    op.create_index(
        "ix_payments_provider_ids",
        "payments",
        ["provider_ids"],
        unique=False,
        postgresql_using="gin",
        postgresql_where=sa.text("provider_ids <> '{}'"),
    )
    op.create_index("ix_payments_purpose", "payments", ["purpose_id", "created_at"], unique=False)
    op.create_index(
        "uq_payments_stripe_payment_intent",
        "payments",
        [sa.literal_column("(provider_ids ->> 'payment_intent')")],
        unique=True,
        postgresql_where=sa.text("provider = 'stripe' AND provider_ids ? 'payment_intent'"),
    )
    op.create_table(
        "practitioners",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource_no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("bio", sa.Text(), server_default="", nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column(
            "specializations", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False
        ),
        sa.Column(
            "certifications", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False
        ),
        sa.Column("verification_status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("verification_reason", sa.Text(), nullable=True),
        sa.Column("verified_by", sa.Uuid(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_featured", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("is_house", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("commission_bps", sa.Integer(), nullable=True),
        sa.Column("stripe_account_id", sa.Text(), nullable=True),
        sa.Column(
            "specialization_keys", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False
        ),
        sa.Column("search_words", postgresql.TSVECTOR(), server_default=sa.text("''::tsvector"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "verification_status IN ('pending', 'verified', 'rejected')",
            name=op.f("ck_practitioners_verification_status_known"),
        ),
        sa.CheckConstraint("commission_bps BETWEEN 0 AND 10000", name=op.f("ck_practitioners_commission_bps_range")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_practitioners_user_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["verified_by"], ["users.id"], name=op.f("fk_practitioners_verified_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practitioners")),
        sa.UniqueConstraint("resource_no", name=op.f("uq_practitioners_resource_no")),
        sa.UniqueConstraint("user_id", name=op.f("uq_practitioners_user_id")),
    )
    op.create_index(
        "ix_practitioners_by_name",
        "practitioners",
        ["display_name", "id"],
        unique=False,
        postgresql_where=sa.text("verification_status = 'verified'"),
    )
    op.create_index(
        "ix_practitioners_listed",
        "practitioners",
        ["is_featured", "id"],
        unique=False,
        postgresql_where=sa.text("verification_status = 'verified'"),
    )
    op.create_index(
        "ix_practitioners_search_words", "practitioners", ["search_words"], unique=False, postgresql_using="gin"
    )
    op.create_index(
        "ix_practitioners_specialization_keys",
        "practitioners",
        ["specialization_keys"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "ix_practitioners_undecided",
        "practitioners",
        ["id"],
        unique=False,
        postgresql_where=sa.text("verification_status = 'pending'"),
    )
    op.create_table(
        "provider_customers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_provider_customers_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_customers")),
        sa.UniqueConstraint("provider", "provider_ref", name=op.f("uq_provider_customers_provider_provider_ref")),
        sa.UniqueConstraint("provider", "user_id", name=op.f("uq_provider_customers_provider_user_id")),
    )
    op.create_table(
        "refresh_families",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "revoked_reason IN ('logout', 'token_reused', 'password_changed', 'admin')",
            name=op.f("ck_refresh_families_revoked_reason_known"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_refresh_families_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_families")),
    )
    op.create_index(op.f("ix_refresh_families_user_id"), "refresh_families", ["user_id"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="due", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("answer_status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('due', 'delivered', 'given_up')", name=op.f("ck_deliveries_status_known")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["sandbox.events.id"], name=op.f("fk_deliveries_event_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_deliveries")),
        schema="sandbox",
    )
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["next_at"],
        unique=False,
        schema="sandbox",
        postgresql_where=sa.text("status = 'due'"),
    )
    op.create_index(op.f("ix_deliveries_event_id"), "deliveries", ["event_id"], unique=False, schema="sandbox")
    op.create_table(
        "intents",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("client_reference", sa.Uuid(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("return_url", sa.Text(), nullable=False),
        sa.Column("payer_email", sa.Text(), nullable=True),
        sa.Column(
            "lines", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("capture_method", sa.Text(), server_default="automatic", nullable=False),
        sa.Column("captured_minor", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("brand", sa.Text(), nullable=True),
        sa.Column("last4", sa.Text(), nullable=True),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("subscription_id", sa.Text(), nullable=True),
        sa.Column("period_starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("period_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ripe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("misbehaved", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("capture_method IN ('automatic', 'manual')", name=op.f("ck_intents_capture_method_known")),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_intents_currency_code")),
        sa.CheckConstraint(
            "status IN ('open', 'declined', 'challenge', 'processing', 'authorized', 'paid', 'canceled')",
            name=op.f("ck_intents_status_known"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_intents_amount_positive")),
        sa.CheckConstraint("captured_minor BETWEEN 1 AND amount_minor", name=op.f("ck_intents_never_over_captured")),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["sandbox.subscriptions.id"],
            name=op.f("fk_intents_subscription_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intents")),
        sa.UniqueConstraint("client_reference", name=op.f("uq_intents_client_reference")),
        sa.UniqueConstraint("no", name=op.f("uq_intents_no")),
        schema="sandbox",
    )
    op.create_index(
        "ix_intents_ripe",
        "intents",
        ["ripe_at"],
        unique=False,
        schema="sandbox",
        postgresql_where=sa.text("status = 'processing'"),
    )
    op.create_index(op.f("ix_intents_subscription_id"), "intents", ["subscription_id"], unique=False, schema="sandbox")
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column(
            "items", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("interval_unit", sa.Text(), nullable=False),
        sa.Column("interval_count", sa.Integer(), server_default="1", nullable=False),
        sa.Column("period_starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("period_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_at_period_end", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("canceled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ending", sa.Text(), nullable=True),
        sa.Column("ending_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_subscriptions_currency_code")),
        sa.CheckConstraint("ending IN ('at_period_end', 'now')", name=op.f("ck_subscriptions_ending_known")),
        sa.CheckConstraint(
            "interval_unit IN ('day', 'week', 'month', 'year')", name=op.f("ck_subscriptions_interval_unit_known")
        ),
        sa.CheckConstraint(
            "status IN ('incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled', 'expired')",
            name=op.f("ck_subscriptions_status_known"),
        ),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_subscriptions_amount_not_negative")),
        sa.CheckConstraint("interval_count > 0", name=op.f("ck_subscriptions_interval_count_positive")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_subscriptions_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("provider", "provider_ref", name=op.f("uq_subscriptions_provider_provider_ref")),
    )
    op.create_index("ix_subscriptions_user", "subscriptions", ["user_id", "started_at"], unique=False)
    op.create_table(
        "date_overrides",
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("start_minutes", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("lengths_minutes", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.CheckConstraint(
            "0 <= ALL (start_minutes) AND 1439 >= ALL (start_minutes)", name=op.f("ck_date_overrides_start_range")
        ),
        sa.CheckConstraint(
            "1 <= ALL (lengths_minutes) AND 1440 >= ALL (lengths_minutes)", name=op.f("ck_date_overrides_length_range")
        ),
        sa.CheckConstraint(
            "cardinality(start_minutes) = cardinality(lengths_minutes)", name=op.f("ck_date_overrides_pairs")
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["practitioners.id"],
            name=op.f("fk_date_overrides_practitioner_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("practitioner_id", "date", name=op.f("pk_date_overrides")),
    )
    op.create_table(
        "disputes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("held_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="opened", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("evidence_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_disputes_currency_code")),
        sa.CheckConstraint(
            "status IN ('opened', 'under_review', 'won', 'lost')", name=op.f("ck_disputes_status_known")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_disputes_amount_positive")),
        sa.CheckConstraint("held_minor BETWEEN 0 AND amount_minor", name=op.f("ck_disputes_held_range")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_disputes_payment_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
        sa.UniqueConstraint("provider", "provider_ref", name=op.f("uq_disputes_provider_provider_ref")),
    )
    op.create_index(op.f("ix_disputes_payment_id"), "disputes", ["payment_id"], unique=False)
    op.create_table(
        "earnings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("commission_bps", sa.Integer(), nullable=False),
        sa.Column("commission_minor", sa.BigInteger(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("reversed_gross_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reversed_commission_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("is_sale", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("available_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("releases", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_earnings_currency_code")),
        sa.CheckConstraint(
            "status IN ('pending', 'available', 'paid', 'reversed')", name=op.f("ck_earnings_status_known")
        ),
        sa.CheckConstraint(
            "gross_minor > 0 AND gross_minor = commission_minor + net_minor", name=op.f("ck_earnings_adds_up")
        ),
        sa.CheckConstraint(
            "reversed_gross_minor BETWEEN 0 AND gross_minor AND reversed_commission_minor BETWEEN 0 AND commission_minor",
            name=op.f("ck_earnings_reversed_range"),
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioners.id"], name=op.f("fk_earnings_practitioner_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_earnings")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_earnings_payment_id")),
    )
    op.create_index("ix_earnings_booking", "earnings", ["booking_id"], unique=False)
    op.create_index(
        "ix_earnings_due",
        "earnings",
        ["available_at"],
        unique=False,
        postgresql_where=sa.text("status = 'pending' AND held_at IS NULL"),
    )
    op.create_index("ix_earnings_practitioner", "earnings", ["practitioner_id", "created_at"], unique=False)
    op.create_table(
        "payees",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column("can_be_paid", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("details_submitted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("missing", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("provider_ref IS NOT NULL OR NOT can_be_paid", name=op.f("ck_payees_paid_where_known")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioners.id"], name=op.f("fk_payees_practitioner_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payees")),
        sa.UniqueConstraint("practitioner_id", "provider", name=op.f("uq_payees_practitioner_id_provider")),
        sa.UniqueConstraint("provider", "provider_ref", name=op.f("uq_payees_provider_provider_ref")),
    )
    op.create_table(
        "payment_audit",
        sa.Column(
            "id",
            sa.Uuid(),
            server_default=sa.text(
                "encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid"
            ),
            nullable=False,
        ),
        sa.Column("no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("old_status", sa.Text(), nullable=True),
        sa.Column("new_status", sa.Text(), nullable=False),
        sa.Column("change_reason", sa.Text(), nullable=False),
        sa.Column("provider_data", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "new_status IN ('pending', 'requires_action', 'processing', 'succeeded', 'partially_refunded', 'refunded', 'disputed', 'charged_back', 'failed', 'canceled')",
            name=op.f("ck_payment_audit_new_status_known"),
        ),
        sa.CheckConstraint(
            "old_status IN ('pending', 'requires_action', 'processing', 'succeeded', 'partially_refunded', 'refunded', 'disputed', 'charged_back', 'failed', 'canceled')",
            name=op.f("ck_payment_audit_old_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_payment_audit_payment_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_audit")),
    )
    op.create_index(op.f("ix_payment_audit_payment_id"), "payment_audit", ["payment_id"], unique=False)
    op.create_table(
        "payment_records",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("gateway_payment_id", sa.Text(), nullable=False),
        sa.Column("checkout_session_id", sa.Text(), nullable=True),
        sa.Column("payment_method_id", sa.Text(), nullable=True),
        sa.Column(
            "payment_method_types", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False
        ),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("customer_email", sa.Text(), nullable=True),
        sa.Column("booking_no", sa.BigInteger(), nullable=True),
        sa.Column("property_no", sa.BigInteger(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_payment_records_payment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_payment_records")),
        sa.UniqueConstraint("checkout_session_id", name=op.f("uq_payment_records_checkout_session_id")),
        sa.UniqueConstraint("gateway_payment_id", name=op.f("uq_payment_records_gateway_payment_id")),
    )
    op.create_index(
        "ix_payment_records_booking",
        "payment_records",
        ["booking_no"],
        unique=False,
        postgresql_where=sa.text("booking_no IS NOT NULL"),
    )
    op.create_index(
        "ix_payment_records_property",
        "payment_records",
        ["property_no"],
        unique=False,
        postgresql_where=sa.text("property_no IS NOT NULL"),
    )
    op.create_table(
        "payouts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="requested", nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("payee_ref", sa.Text(), nullable=True),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column(
            "provider_ids",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("returned_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("week", sa.Date(), nullable=True),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(method = 'provider') = (payee_ref IS NOT NULL)", name=op.f("ck_payouts_payee_of_provider")
        ),
        sa.CheckConstraint(
            "(status = 'failed') = (returned_minor = amount_minor)", name=op.f("ck_payouts_failed_is_back")
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_payouts_currency_code")),
        sa.CheckConstraint("method IN ('provider', 'manual')", name=op.f("ck_payouts_method_known")),
        sa.CheckConstraint(
            "status IN ('requested', 'in_transit', 'paid', 'failed')", name=op.f("ck_payouts_status_known")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payouts_amount_positive")),
        sa.CheckConstraint("returned_minor BETWEEN 0 AND amount_minor", name=op.f("ck_payouts_returned_range")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioners.id"], name=op.f("fk_payouts_practitioner_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["users.id"], name=op.f("fk_payouts_requested_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payouts")),
        sa.UniqueConstraint(
            "practitioner_id", "currency", "week", name=op.f("uq_payouts_practitioner_id_currency_week")
        ),
        sa.UniqueConstraint("provider", "provider_ref", name=op.f("uq_payouts_provider_provider_ref")),
    )
    op.create_index("ix_payouts_created", "payouts", ["created_at"], unique=False)
    op.create_index(
        "ix_payouts_in_transit",
        "payouts",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status = 'in_transit'"),
    )
    op.create_index("ix_payouts_practitioner", "payouts", ["practitioner_id", "created_at"], unique=False)
    op.create_table(
        "practitioner_locations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lng", sa.Double(), nullable=True),
        sa.Column("is_primary", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("is_virtual", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(lat IS NULL) = (lng IS NULL)", name=op.f("ck_practitioner_locations_lat_with_lng")),
        sa.CheckConstraint(
            "lat BETWEEN -90 AND 90 AND lng BETWEEN -180 AND 180", name=op.f("ck_practitioner_locations_on_earth")
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["practitioners.id"],
            name=op.f("fk_practitioner_locations_practitioner_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practitioner_locations")),
    )
    op.create_index(
        "ix_practitioner_locations_city",
        "practitioner_locations",
        [sa.literal_column("lower(city)"), "practitioner_id"],
        unique=False,
    )
    op.create_index("ix_practitioner_locations_point", "practitioner_locations", ["lat", "lng"], unique=False)
    op.create_index(
        op.f("ix_practitioner_locations_practitioner_id"), "practitioner_locations", ["practitioner_id"], unique=False
    )
    op.create_index(
        "uq_practitioner_locations_primary",
        "practitioner_locations",
        ["practitioner_id"],
        unique=True,
        postgresql_where=sa.text("is_primary"),
    )
    op.create_table(
        "practitioner_months",
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_practitioner_months_currency_code")),
        sa.CheckConstraint("gross_minor >= 0", name=op.f("ck_practitioner_months_gross_not_negative")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["practitioners.id"],
            name=op.f("fk_practitioner_months_practitioner_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("practitioner_id", "month", "currency", name=op.f("pk_practitioner_months")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_table(
        "reconciliation_findings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("movement", sa.Text(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column(
            "details", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("found_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('missing_here', 'missing_there', 'different')", name=op.f("ck_reconciliation_findings_kind_known")
        ),
        sa.CheckConstraint(
            "movement IN ('charge', 'refund', 'dispute', 'transfer')",
            name=op.f("ck_reconciliation_findings_movement_known"),
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_reconciliation_findings_payment_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_findings")),
        sa.UniqueConstraint(
            "provider",
            "kind",
            "movement",
            "provider_ref",
            name=op.f("uq_reconciliation_findings_provider_kind_movement_provider_ref"),
        ),
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["family_id"], ["refresh_families.id"], name=op.f("fk_refresh_tokens_family_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_refresh_tokens")),
    )
    op.create_index(op.f("ix_refresh_tokens_expires_at"), "refresh_tokens", ["expires_at"], unique=False)
    op.create_index(op.f("ix_refresh_tokens_family_id"), "refresh_tokens", ["family_id"], unique=False)
    op.create_table(
        "refunds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), server_default="moorage", nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_refunds_currency_code")),
        sa.CheckConstraint("origin IN ('moorage', 'external')", name=op.f("ck_refunds_origin_known")),
        sa.CheckConstraint("status IN ('pending', 'succeeded', 'failed')", name=op.f("ck_refunds_status_known")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refunds_amount_positive")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_refunds_payment_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
    )
    op.create_index(op.f("ix_refunds_payment_id"), "refunds", ["payment_id"], unique=False)
    op.create_index(
        "uq_refunds_provider_ref",
        "refunds",
        ["payment_id", "provider_ref"],
        unique=True,
        postgresql_where=sa.text("provider_ref IS NOT NULL"),
    )
    op.create_table(
        "charges",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("intent_id", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("last4", sa.Text(), nullable=True),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("fee_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refund_pending_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("dispute_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_charges_currency_code")),
        sa.CheckConstraint("last4 ~ '^[0-9]{4}$'", name=op.f("ck_charges_only_last_four")),
        sa.CheckConstraint("status IN ('succeeded', 'failed')", name=op.f("ck_charges_status_known")),
        sa.CheckConstraint(
            "refunded_minor >= 0 AND refund_pending_minor >= 0 AND refunded_minor + refund_pending_minor <= amount_minor",
            name=op.f("ck_charges_never_over_refunded"),
        ),
        sa.ForeignKeyConstraint(
            ["intent_id"], ["sandbox.intents.id"], name=op.f("fk_charges_intent_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charges")),
        sa.UniqueConstraint("no", name=op.f("uq_charges_no")),
        schema="sandbox",
    )
    op.create_index(
        "ix_charges_dispute_at",
        "charges",
        ["dispute_at"],
        unique=False,
        schema="sandbox",
        postgresql_where=sa.text("dispute_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_charges_intent_id"), "charges", ["intent_id"], unique=False, schema="sandbox")
    op.create_index(
        "uq_charges_paid",
        "charges",
        ["intent_id"],
        unique=True,
        schema="sandbox",
        postgresql_where=sa.text("status = 'succeeded'"),
    )
    op.create_table(
        "weekly_hours",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False),
        sa.Column("start_minute", sa.SmallInteger(), nullable=False),
        sa.Column("minutes", sa.SmallInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("minutes BETWEEN 1 AND 1440", name=op.f("ck_weekly_hours_minutes_range")),
        sa.CheckConstraint("start_minute BETWEEN 0 AND 1439", name=op.f("ck_weekly_hours_start_range")),
        sa.CheckConstraint("valid_from <= valid_to", name=op.f("ck_weekly_hours_valid_order")),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_weekly_hours_weekday_range")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioners.id"], name=op.f("fk_weekly_hours_practitioner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weekly_hours")),
    )
    op.create_index(op.f("ix_weekly_hours_practitioner_id"), "weekly_hours", ["practitioner_id"], unique=False)
    op.create_table(
        "provider_operations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("refund_id", sa.Uuid(), nullable=True),
        sa.Column("payout_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), server_default="planned", nullable=False),
        sa.Column(
            "request", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(kind IN ('transfer', 'reverse')) = (payout_id IS NOT NULL)",
            name=op.f("ck_provider_operations_kind_of_its_thing"),
        ),
        sa.CheckConstraint(
            "kind IN ('create', 'confirm', 'authorize', 'capture', 'cancel', 'refund', 'transfer', 'reverse')",
            name=op.f("ck_provider_operations_kind_known"),
        ),
        sa.CheckConstraint(
            "status IN ('planned', 'called', 'answered', 'unknown', 'abandoned')",
            name=op.f("ck_provider_operations_status_known"),
        ),
        sa.CheckConstraint("num_nonnulls(payment_id, payout_id) = 1", name=op.f("ck_provider_operations_of_one_thing")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_provider_operations_payment_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["refunds.id"], name=op.f("fk_provider_operations_refund_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_operations")),
    )
    op.create_index(
        "ix_provider_operations_due",
        "provider_operations",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('planned', 'called', 'unknown')"),
    )
    op.create_index("ix_provider_operations_payment", "provider_operations", ["payment_id", "kind"], unique=False)
    op.create_index(
        "ix_provider_operations_payout",
        "provider_operations",
        ["payout_id"],
        unique=False,
        postgresql_where=sa.text("payout_id IS NOT NULL"),
    )
    op.create_index(
        "ix_provider_operations_refund",
        "provider_operations",
        ["refund_id"],
        unique=False,
        postgresql_where=sa.text("refund_id IS NOT NULL"),
    )
    op.create_table(
        "disputes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("charge_id", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="opened", nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("evidence_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_disputes_currency_code")),
        sa.CheckConstraint(
            "status IN ('opened', 'under_review', 'won', 'lost')", name=op.f("ck_disputes_status_known")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_disputes_amount_positive")),
        sa.ForeignKeyConstraint(
            ["charge_id"], ["sandbox.charges.id"], name=op.f("fk_disputes_charge_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
        sa.UniqueConstraint("no", name=op.f("uq_disputes_no")),
        schema="sandbox",
    )
    op.create_index(op.f("ix_disputes_charge_id"), "disputes", ["charge_id"], unique=False, schema="sandbox")
    op.create_index(
        "uq_disputes_open",
        "disputes",
        ["charge_id"],
        unique=True,
        schema="sandbox",
        postgresql_where=sa.text("status <> 'won'"),
    )
    op.create_table(
        "refunds",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("charge_id", sa.Text(), nullable=False),
        sa.Column("client_reference", sa.Uuid(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("ripe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ripens_to", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_refunds_currency_code")),
        sa.CheckConstraint("ripens_to IN ('succeeded', 'failed')", name=op.f("ck_refunds_ripens_to_known")),
        sa.CheckConstraint("status IN ('pending', 'succeeded', 'failed')", name=op.f("ck_refunds_status_known")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refunds_amount_positive")),
        sa.ForeignKeyConstraint(
            ["charge_id"], ["sandbox.charges.id"], name=op.f("fk_refunds_charge_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("client_reference", name=op.f("uq_refunds_client_reference")),
        sa.UniqueConstraint("no", name=op.f("uq_refunds_no")),
        schema="sandbox",
    )
    op.create_index(op.f("ix_refunds_charge_id"), "refunds", ["charge_id"], unique=False, schema="sandbox")
    op.create_index(
        "ix_refunds_ripe",
        "refunds",
        ["ripe_at"],
        unique=False,
        schema="sandbox",
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_table(
        "services",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("service_type", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("is_virtual", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("minimum_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("deposit_bps", sa.Integer(), nullable=True),
        sa.Column("deposit_minor", sa.BigInteger(), nullable=True),
        sa.Column("free_until_hours", sa.Integer(), server_default="24", nullable=False),
        sa.Column("late_fee_bps", sa.Integer(), server_default="10000", nullable=False),
        sa.Column("duration_minutes", sa.Integer(), nullable=False),
        sa.Column("max_participants", sa.Integer(), server_default="1", nullable=False),
        sa.Column("buffer_before_minutes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("buffer_after_minutes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("slot_interval_minutes", sa.Integer(), nullable=False),
        sa.Column("slot_alignment", sa.Text(), server_default="local_hour", nullable=False),
        sa.Column("min_notice_minutes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("horizon_days", sa.Integer(), server_default="60", nullable=False),
        sa.Column("daily_limit", sa.Integer(), nullable=True),
        sa.Column("list_price", sa.Numeric(precision=20, scale=4), server_default="0", nullable=False),
        sa.Column("search_words", postgresql.TSVECTOR(), server_default=sa.text("''::tsvector"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_services_currency_code")),
        sa.CheckConstraint(
            "service_type IN ('session', 'workshop', 'course')", name=op.f("ck_services_service_type_known")
        ),
        sa.CheckConstraint(
            "slot_alignment IN ('local_hour', 'compact')", name=op.f("ck_services_slot_alignment_known")
        ),
        sa.CheckConstraint("buffer_after_minutes BETWEEN 0 AND 1440", name=op.f("ck_services_buffer_after_range")),
        sa.CheckConstraint("buffer_before_minutes BETWEEN 0 AND 1440", name=op.f("ck_services_buffer_before_range")),
        sa.CheckConstraint("daily_limit > 0", name=op.f("ck_services_daily_limit_positive")),
        sa.CheckConstraint("deposit_bps BETWEEN 1 AND 10000", name=op.f("ck_services_deposit_bps_range")),
        sa.CheckConstraint("deposit_bps IS NULL OR deposit_minor IS NULL", name=op.f("ck_services_one_deposit")),
        sa.CheckConstraint("deposit_minor > 0", name=op.f("ck_services_deposit_positive")),
        sa.CheckConstraint("duration_minutes BETWEEN 1 AND 1440", name=op.f("ck_services_duration_range")),
        sa.CheckConstraint("free_until_hours BETWEEN 0 AND 8784", name=op.f("ck_services_free_until_range")),
        sa.CheckConstraint("horizon_days BETWEEN 1 AND 730", name=op.f("ck_services_horizon_range")),
        sa.CheckConstraint("late_fee_bps BETWEEN 0 AND 10000", name=op.f("ck_services_late_fee_range")),
        sa.CheckConstraint("max_participants BETWEEN 1 AND 10000", name=op.f("ck_services_participants_range")),
        sa.CheckConstraint("min_notice_minutes BETWEEN 0 AND 1054080", name=op.f("ck_services_min_notice_range")),
        sa.CheckConstraint("minimum_minor >= 0", name=op.f("ck_services_minimum_not_negative")),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_services_price_not_negative")),
        sa.CheckConstraint("slot_interval_minutes BETWEEN 1 AND 1440", name=op.f("ck_services_slot_interval_range")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name=op.f("fk_services_category_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["location_id"], ["practitioner_locations.id"], name=op.f("fk_services_location_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioners.id"], name=op.f("fk_services_practitioner_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
    )
    op.create_index(op.f("ix_services_category_id"), "services", ["category_id"], unique=False)
    op.create_index(
        "ix_services_listed", "services", ["service_type", "id"], unique=False, postgresql_where=sa.text("is_active")
    )
    op.create_index(op.f("ix_services_location_id"), "services", ["location_id"], unique=False)
    op.create_index("ix_services_newest", "services", ["id"], unique=False, postgresql_where=sa.text("is_active"))
    op.create_index("ix_services_practitioner", "services", ["practitioner_id", "is_active"], unique=False)
    op.create_index(
        "ix_services_price", "services", ["list_price", "id"], unique=False, postgresql_where=sa.text("is_active")
    )
    op.create_index("ix_services_search_words", "services", ["search_words"], unique=False, postgresql_using="gin")
    op.create_table(
        "price_options",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_price_options_price_not_negative")),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_price_options_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_options")),
        sa.UniqueConstraint("service_id", "name", name=op.f("uq_price_options_service_id_name")),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("resource_no", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("places_taken", sa.Integer(), server_default="0", nullable=False),
        sa.Column("status", sa.Text(), server_default="scheduled", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('scheduled', 'cancelled')", name=op.f("ck_sessions_status_known")),
        sa.CheckConstraint(
            "capacity >= 0 AND places_taken BETWEEN 0 AND capacity", name=op.f("ck_sessions_places_within_capacity")
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_sessions_time_order")),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_sessions_service_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_service_starts", "sessions", ["service_id", "starts_at"], unique=False)
    op.create_table(
        "bookings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("places", sa.Integer(), server_default="1", nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("due_now_minor", sa.BigInteger(), nullable=False),
        sa.Column("commission_bps", sa.Integer(), nullable=False),
        sa.Column("commission_minor", sa.BigInteger(), nullable=False),
        sa.Column("free_until_hours", sa.Integer(), nullable=False),
        sa.Column("late_fee_bps", sa.Integer(), nullable=False),
        sa.Column("buffer_before_minutes", sa.Integer(), nullable=False),
        sa.Column("buffer_after_minutes", sa.Integer(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("special_requests", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("state_no", sa.Integer(), nullable=True),
        sa.Column("hold_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hold_extended", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attended", sa.Boolean(), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by", sa.Uuid(), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("cancel_kind", sa.Text(), nullable=True),
        sa.Column("reschedule_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(status = 'cancelled') = (cancelled_at IS NOT NULL)", name=op.f("ck_bookings_cancelled_when")
        ),
        sa.CheckConstraint(
            "cancel_kind IN ('client', 'practitioner', 'admin', 'expired', 'not_available')",
            name=op.f("ck_bookings_cancel_kind_known"),
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_bookings_currency_code")),
        sa.CheckConstraint(
            "status <> 'pending' OR parent_id IS NOT NULL OR hold_expires_at IS NOT NULL",
            name=op.f("ck_bookings_pending_expires"),
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'confirmed', 'completed', 'cancelled')", name=op.f("ck_bookings_status_known")
        ),
        sa.CheckConstraint("places > 0", name=op.f("ck_bookings_places_positive")),
        sa.CheckConstraint("refunded_minor BETWEEN 0 AND paid_minor", name=op.f("ck_bookings_never_over_refunded")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_bookings_time_order")),
        sa.CheckConstraint(
            "total_minor >= 0 AND due_now_minor BETWEEN 0 AND total_minor", name=op.f("ck_bookings_amounts")
        ),
        sa.ForeignKeyConstraint(
            ["cancelled_by"], ["users.id"], name=op.f("fk_bookings_cancelled_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["client_id"], ["users.id"], name=op.f("fk_bookings_client_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["parent_id"], ["bookings.id"], name=op.f("fk_bookings_parent_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioners.id"], name=op.f("fk_bookings_practitioner_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_bookings_service_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_bookings_session_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings")),
    )
    op.create_index(
        "ix_bookings_client",
        "bookings",
        ["client_id", "starts_at", "id"],
        unique=False,
        postgresql_where=sa.text("parent_id IS NULL"),
    )
    op.create_index(
        "ix_bookings_holds",
        "bookings",
        ["hold_expires_at"],
        unique=False,
        postgresql_where=sa.text("status = 'pending' AND parent_id IS NULL"),
    )
    op.create_index(
        "ix_bookings_parent", "bookings", ["parent_id"], unique=False, postgresql_where=sa.text("parent_id IS NOT NULL")
    )
    op.create_index(
        "ix_bookings_practitioner",
        "bookings",
        ["practitioner_id", "starts_at", "id"],
        unique=False,
        postgresql_where=sa.text("parent_id IS NULL"),
    )
    op.create_index("ix_bookings_service_starts", "bookings", ["service_id", "starts_at"], unique=False)
    op.create_index(
        "ix_bookings_session",
        "bookings",
        ["session_id"],
        unique=False,
        postgresql_where=sa.text("session_id IS NOT NULL"),
    )
    op.create_index(
        "ix_bookings_starts",
        "bookings",
        ["starts_at", "id"],
        unique=False,
        postgresql_where=sa.text("parent_id IS NULL"),
    )
    op.create_table(
        "claims",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource_no", sa.BigInteger(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(resource_no, resource_no, '[]')"), "&&"),
            (sa.text("during"), "&&"),
            where=sa.text("active"),
            using="gist",
            name="ex_claims_no_overlap",
        ),
        sa.CheckConstraint("(kind = 'hold') = (expires_at IS NOT NULL)", name=op.f("ck_claims_holds_expire")),
        sa.CheckConstraint("kind IN ('hold', 'booking', 'block')", name=op.f("ck_claims_kind_known")),
        sa.CheckConstraint(
            "NOT isempty(during) AND lower(during) IS NOT NULL AND upper(during) IS NOT NULL",
            name=op.f("ck_claims_bounded"),
        ),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=op.f("fk_claims_session_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
    )
    op.create_index(
        "ix_claims_expiring",
        "claims",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("active AND kind = 'hold'"),
    )
    op.create_index(
        "uq_claims_booking", "claims", ["booking_id"], unique=True, postgresql_where=sa.text("booking_id IS NOT NULL")
    )
    op.create_index(
        "uq_claims_session", "claims", ["session_id"], unique=True, postgresql_where=sa.text("session_id IS NOT NULL")
    )
    op.create_table(
        "booking_participants",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("option_name", sa.Text(), nullable=True),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("attended", sa.Boolean(), nullable=True),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_booking_participants_booking_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("booking_id", "position", name=op.f("pk_booking_participants")),
    )
    op.create_table(
        "quotes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("customer_email", sa.Text(), nullable=True),
        sa.Column("customer_name", sa.Text(), server_default="", nullable=False),
        sa.Column("customer_address", sa.Text(), server_default="", nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "link_nonce", sa.LargeBinary(), server_default=sa.text("uuid_send(gen_random_uuid())"), nullable=False
        ),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days_until_due", sa.Integer(), server_default="7", nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decline_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("(status = 'open') = (decided_at IS NULL)", name=op.f("ck_quotes_decided_when")),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_quotes_currency_code")),
        sa.CheckConstraint(
            "status IN ('open', 'accepted', 'declined', 'withdrawn')", name=op.f("ck_quotes_status_known")
        ),
        sa.CheckConstraint(
            "customer_id IS NOT NULL OR customer_email IS NOT NULL", name=op.f("ck_quotes_has_customer")
        ),
        sa.CheckConstraint("days_until_due BETWEEN 0 AND 366", name=op.f("ck_quotes_days_range")),
        sa.CheckConstraint("gross_minor > 0 AND tax_minor >= 0", name=op.f("ck_quotes_amounts")),
        sa.CheckConstraint("net_minor + tax_minor = gross_minor", name=op.f("ck_quotes_totals")),
        sa.CheckConstraint("octet_length(link_nonce) = 16", name=op.f("ck_quotes_nonce_length")),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_quotes_booking_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["users.id"], name=op.f("fk_quotes_customer_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotes")),
    )
    op.create_index(
        "ix_quotes_booking", "quotes", ["booking_id"], unique=False, postgresql_where=sa.text("booking_id IS NOT NULL")
    )
    op.create_index("ix_quotes_customer", "quotes", ["customer_id", "created_at"], unique=False)
    op.create_index("ix_quotes_newest", "quotes", ["created_at", "id"], unique=False)
    op.create_table(
        "invoices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series", sa.Text(), nullable=True),
        sa.Column("no", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("customer_email", sa.Text(), nullable=True),
        sa.Column("customer_name", sa.Text(), server_default="", nullable=False),
        sa.Column("customer_address", sa.Text(), server_default="", nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "link_nonce", sa.LargeBinary(), server_default=sa.text("uuid_send(gen_random_uuid())"), nullable=False
        ),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("quote_id", sa.Uuid(), nullable=True),
        sa.Column("paid_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.Column("hosted_payment_id", sa.Uuid(), nullable=True),
        sa.Column("reminders_sent", sa.SmallInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "(status = 'draft') = (number IS NULL) AND (number IS NULL) = (no IS NULL) AND (no IS NULL) = (series IS NULL) AND (no IS NULL) = (issued_at IS NULL) AND (no IS NULL) = (due_at IS NULL)",
            name=op.f("ck_invoices_numbered"),
        ),
        sa.CheckConstraint("(status = 'paid') = (paid_minor = gross_minor)", name=op.f("ck_invoices_paid_in_full")),
        sa.CheckConstraint("(status = 'void') = (voided_at IS NOT NULL)", name=op.f("ck_invoices_voided_when")),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_invoices_currency_code")),
        sa.CheckConstraint(
            "status IN ('draft', 'open', 'paid', 'void', 'uncollectible')", name=op.f("ck_invoices_status_known")
        ),
        sa.CheckConstraint(
            "customer_id IS NOT NULL OR customer_email IS NOT NULL", name=op.f("ck_invoices_has_customer")
        ),
        sa.CheckConstraint("gross_minor > 0 AND tax_minor >= 0", name=op.f("ck_invoices_amounts")),
        sa.CheckConstraint("net_minor + tax_minor = gross_minor", name=op.f("ck_invoices_totals")),
        sa.CheckConstraint("octet_length(link_nonce) = 16", name=op.f("ck_invoices_nonce_length")),
        sa.CheckConstraint("paid_minor BETWEEN 0 AND gross_minor", name=op.f("ck_invoices_paid_range")),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_invoices_booking_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["users.id"], name=op.f("fk_invoices_customer_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["hosted_payment_id"], ["payments.id"], name=op.f("fk_invoices_hosted_payment_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["quote_id"], ["quotes.id"], name=op.f("fk_invoices_quote_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("number", name=op.f("uq_invoices_number")),
        sa.UniqueConstraint("quote_id", name=op.f("uq_invoices_quote_id")),
        sa.UniqueConstraint("series", "no", name=op.f("uq_invoices_series_no")),
    )
    op.create_index(
        "ix_invoices_booking",
        "invoices",
        ["booking_id"],
        unique=False,
        postgresql_where=sa.text("booking_id IS NOT NULL"),
    )
    op.create_index("ix_invoices_customer", "invoices", ["customer_id", "created_at"], unique=False)
    op.create_index("ix_invoices_newest", "invoices", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_invoices_open", "invoices", ["due_at"], unique=False, postgresql_where=sa.text("status = 'open'")
    )
    op.create_table(
        "quote_lines",
        sa.Column("quote_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), server_default="1", nullable=False),
        sa.Column("unit_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_bps", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tax_inclusive", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("net_minor + tax_minor = gross_minor", name=op.f("ck_quote_lines_totals")),
        sa.CheckConstraint(
            "quantity * unit_minor = CASE WHEN tax_inclusive THEN gross_minor ELSE net_minor END",
            name=op.f("ck_quote_lines_amount"),
        ),
        sa.CheckConstraint("quantity BETWEEN 1 AND 100000", name=op.f("ck_quote_lines_quantity_range")),
        sa.CheckConstraint("tax_bps BETWEEN 0 AND 10000", name=op.f("ck_quote_lines_tax_range")),
        sa.ForeignKeyConstraint(["quote_id"], ["quotes.id"], name=op.f("fk_quote_lines_quote_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("quote_id", "position", name=op.f("pk_quote_lines")),
    )
    op.create_table(
        "invoice_events",
        sa.Column("no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "details", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('drafted', 'issued', 'reminded', 'part_paid', 'paid', 'bounced', 'refunded', 'voided', 'written_off')",
            name=op.f("ck_invoice_events_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_events_invoice_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_invoice_events")),
    )
    op.create_index(op.f("ix_invoice_events_invoice_id"), "invoice_events", ["invoice_id"], unique=False)
    op.create_table(
        "invoice_lines",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), server_default="1", nullable=False),
        sa.Column("unit_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_bps", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tax_inclusive", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("net_minor + tax_minor = gross_minor", name=op.f("ck_invoice_lines_totals")),
        sa.CheckConstraint(
            "quantity * unit_minor = CASE WHEN tax_inclusive THEN gross_minor ELSE net_minor END",
            name=op.f("ck_invoice_lines_amount"),
        ),
        sa.CheckConstraint("quantity BETWEEN 1 AND 100000", name=op.f("ck_invoice_lines_quantity_range")),
        sa.CheckConstraint("tax_bps BETWEEN 0 AND 10000", name=op.f("ck_invoice_lines_tax_range")),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_lines_invoice_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("invoice_id", "position", name=op.f("pk_invoice_lines")),
    )
    op.create_table(
        "invoice_payments",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_invoice_payments_amount_positive")),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_payments_invoice_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_invoice_payments_payment_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("invoice_id", "payment_id", name=op.f("pk_invoice_payments")),
    )
    op.create_index("ix_invoice_payments_payment", "invoice_payments", ["payment_id"], unique=False)
    # The job queue's own tables, as the library makes them; its notifying trigger is switched off (kernel/queue.sql).
    for statement in (Path(__file__).parent.parent / "pgqueuer_1_6_0.sql").read_text().split("\n--\n")[1:]:
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '5min'")
    op.drop_index("ix_invoice_payments_payment", table_name="invoice_payments")
    op.drop_table("invoice_payments")
    op.drop_table("invoice_lines")
    op.drop_index(op.f("ix_invoice_events_invoice_id"), table_name="invoice_events")
    op.drop_table("invoice_events")
    op.drop_table("quote_lines")
    op.drop_index("ix_invoices_open", table_name="invoices", postgresql_where=sa.text("status = 'open'"))
    op.drop_index("ix_invoices_newest", table_name="invoices")
    op.drop_index("ix_invoices_customer", table_name="invoices")
    op.drop_index("ix_invoices_booking", table_name="invoices", postgresql_where=sa.text("booking_id IS NOT NULL"))
    op.drop_table("invoices")
    op.drop_index("ix_quotes_newest", table_name="quotes")
    op.drop_index("ix_quotes_customer", table_name="quotes")
    op.drop_index("ix_quotes_booking", table_name="quotes", postgresql_where=sa.text("booking_id IS NOT NULL"))
    op.drop_table("quotes")
    op.drop_table("booking_participants")
    op.drop_index("uq_claims_session", table_name="claims", postgresql_where=sa.text("session_id IS NOT NULL"))
    op.drop_index("uq_claims_booking", table_name="claims", postgresql_where=sa.text("booking_id IS NOT NULL"))
    op.drop_index("ix_claims_expiring", table_name="claims", postgresql_where=sa.text("active AND kind = 'hold'"))
    op.drop_table("claims")
    op.drop_index("ix_bookings_starts", table_name="bookings", postgresql_where=sa.text("parent_id IS NULL"))
    op.drop_index("ix_bookings_session", table_name="bookings", postgresql_where=sa.text("session_id IS NOT NULL"))
    op.drop_index("ix_bookings_service_starts", table_name="bookings")
    op.drop_index("ix_bookings_practitioner", table_name="bookings", postgresql_where=sa.text("parent_id IS NULL"))
    op.drop_index("ix_bookings_parent", table_name="bookings", postgresql_where=sa.text("parent_id IS NOT NULL"))
    op.drop_index(
        "ix_bookings_holds", table_name="bookings", postgresql_where=sa.text("status = 'pending' AND parent_id IS NULL")
    )
    op.drop_index("ix_bookings_client", table_name="bookings", postgresql_where=sa.text("parent_id IS NULL"))
    op.drop_table("bookings")
    op.drop_index("ix_sessions_service_starts", table_name="sessions")
    op.drop_table("sessions")
    op.drop_table("price_options")
    op.drop_index("ix_services_search_words", table_name="services", postgresql_using="gin")
    op.drop_index("ix_services_price", table_name="services", postgresql_where=sa.text("is_active"))
    op.drop_index("ix_services_practitioner", table_name="services")
    op.drop_index("ix_services_newest", table_name="services", postgresql_where=sa.text("is_active"))
    op.drop_index(op.f("ix_services_location_id"), table_name="services")
    op.drop_index("ix_services_listed", table_name="services", postgresql_where=sa.text("is_active"))
    op.drop_index(op.f("ix_services_category_id"), table_name="services")
    op.drop_table("services")
    op.drop_index(
        "ix_refunds_ripe", table_name="refunds", schema="sandbox", postgresql_where=sa.text("status = 'pending'")
    )
    op.drop_index(op.f("ix_refunds_charge_id"), table_name="refunds", schema="sandbox")
    op.drop_table("refunds", schema="sandbox")
    op.drop_index(
        "uq_disputes_open", table_name="disputes", schema="sandbox", postgresql_where=sa.text("status <> 'won'")
    )
    op.drop_index(op.f("ix_disputes_charge_id"), table_name="disputes", schema="sandbox")
    op.drop_table("disputes", schema="sandbox")
    op.drop_index(
        "ix_provider_operations_refund",
        table_name="provider_operations",
        postgresql_where=sa.text("refund_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_provider_operations_payout",
        table_name="provider_operations",
        postgresql_where=sa.text("payout_id IS NOT NULL"),
    )
    op.drop_index("ix_provider_operations_payment", table_name="provider_operations")
    op.drop_index(
        "ix_provider_operations_due",
        table_name="provider_operations",
        postgresql_where=sa.text("status IN ('planned', 'called', 'unknown')"),
    )
    op.drop_table("provider_operations")
    op.drop_index(op.f("ix_weekly_hours_practitioner_id"), table_name="weekly_hours")
    op.drop_table("weekly_hours")
    op.drop_index(
        "uq_charges_paid", table_name="charges", schema="sandbox", postgresql_where=sa.text("status = 'succeeded'")
    )
    op.drop_index(op.f("ix_charges_intent_id"), table_name="charges", schema="sandbox")
    op.drop_index(
        "ix_charges_dispute_at",
        table_name="charges",
        schema="sandbox",
        postgresql_where=sa.text("dispute_at IS NOT NULL"),
    )
    op.drop_table("charges", schema="sandbox")
    op.drop_index("uq_refunds_provider_ref", table_name="refunds", postgresql_where=sa.text("provider_ref IS NOT NULL"))
    op.drop_index(op.f("ix_refunds_payment_id"), table_name="refunds")
    op.drop_table("refunds")
    op.drop_index(op.f("ix_refresh_tokens_family_id"), table_name="refresh_tokens")
    op.drop_index(op.f("ix_refresh_tokens_expires_at"), table_name="refresh_tokens")
    op.drop_table("refresh_tokens")
    op.drop_table("reconciliation_findings")
    op.drop_table("practitioner_months")
    op.drop_index(
        "uq_practitioner_locations_primary", table_name="practitioner_locations", postgresql_where=sa.text("is_primary")
    )
    op.drop_index(op.f("ix_practitioner_locations_practitioner_id"), table_name="practitioner_locations")
    op.drop_index("ix_practitioner_locations_point", table_name="practitioner_locations")
    op.drop_index("ix_practitioner_locations_city", table_name="practitioner_locations")
    op.drop_table("practitioner_locations")
    op.drop_index("ix_payouts_practitioner", table_name="payouts")
    op.drop_index("ix_payouts_in_transit", table_name="payouts", postgresql_where=sa.text("status = 'in_transit'"))
    op.drop_index("ix_payouts_created", table_name="payouts")
    op.drop_table("payouts")
    op.drop_index(
        "ix_payment_records_property", table_name="payment_records", postgresql_where=sa.text("property_no IS NOT NULL")
    )
    op.drop_index(
        "ix_payment_records_booking", table_name="payment_records", postgresql_where=sa.text("booking_no IS NOT NULL")
    )
    op.drop_table("payment_records")
    op.drop_index(op.f("ix_payment_audit_payment_id"), table_name="payment_audit")
    op.drop_table("payment_audit")
    op.drop_table("payees")
    op.drop_index("ix_earnings_practitioner", table_name="earnings")
    op.drop_index(
        "ix_earnings_due", table_name="earnings", postgresql_where=sa.text("status = 'pending' AND held_at IS NULL")
    )
    op.drop_index("ix_earnings_booking", table_name="earnings")
    op.drop_table("earnings")
    op.drop_index(op.f("ix_disputes_payment_id"), table_name="disputes")
    op.drop_table("disputes")
    op.drop_table("date_overrides")
    op.drop_index("ix_subscriptions_user", table_name="subscriptions")
    op.drop_table("subscriptions")
    op.drop_index(op.f("ix_intents_subscription_id"), table_name="intents", schema="sandbox")
    op.drop_index(
        "ix_intents_ripe", table_name="intents", schema="sandbox", postgresql_where=sa.text("status = 'processing'")
    )
    op.drop_table("intents", schema="sandbox")
    op.drop_index(op.f("ix_deliveries_event_id"), table_name="deliveries", schema="sandbox")
    op.drop_index(
        "ix_deliveries_due", table_name="deliveries", schema="sandbox", postgresql_where=sa.text("status = 'due'")
    )
    op.drop_table("deliveries", schema="sandbox")
    op.drop_index(op.f("ix_refresh_families_user_id"), table_name="refresh_families")
    op.drop_table("refresh_families")
    op.drop_table("provider_customers")
    op.drop_index(
        "ix_practitioners_undecided",
        table_name="practitioners",
        postgresql_where=sa.text("verification_status = 'pending'"),
    )
    op.drop_index("ix_practitioners_specialization_keys", table_name="practitioners", postgresql_using="gin")
    op.drop_index("ix_practitioners_search_words", table_name="practitioners", postgresql_using="gin")
    op.drop_index(
        "ix_practitioners_listed",
        table_name="practitioners",
        postgresql_where=sa.text("verification_status = 'verified'"),
    )
    op.drop_index(
        "ix_practitioners_by_name",
        table_name="practitioners",
        postgresql_where=sa.text("verification_status = 'verified'"),
    )
    op.drop_table("practitioners")
    op.drop_index(
        "uq_payments_stripe_payment_intent",
        table_name="payments",
        postgresql_where=sa.text("provider = 'stripe' AND provider_ids ? 'payment_intent'"),
    )
    op.drop_index("ix_payments_purpose", table_name="payments")
    op.drop_index(
        "ix_payments_provider_ids",
        table_name="payments",
        postgresql_using="gin",
        postgresql_where=sa.text("provider_ids <> '{}'"),
    )
    op.drop_index("ix_payments_payer", table_name="payments")
    op.drop_index(
        "ix_payments_open",
        table_name="payments",
        postgresql_where=sa.text("status IN ('pending', 'requires_action', 'processing')"),
    )
    op.drop_index("ix_payments_newest", table_name="payments")
    op.drop_index("ix_payments_free_status", table_name="payments", postgresql_where=sa.text("purpose = 'free_amount'"))
    op.drop_index(
        "ix_payments_free_provider", table_name="payments", postgresql_where=sa.text("purpose = 'free_amount'")
    )
    op.drop_index(
        "ix_payments_free_currency", table_name="payments", postgresql_where=sa.text("purpose = 'free_amount'")
    )
    op.drop_index(
        "ix_payments_free_created", table_name="payments", postgresql_where=sa.text("purpose = 'free_amount'")
    )
    op.drop_index("ix_payments_created", table_name="payments", postgresql_using="brin")
    op.drop_table("payments")
    op.drop_index("ix_ledger_entries_account", table_name="ledger_entries")
    op.drop_table("ledger_entries")
    op.drop_table("ledger_balances")
    op.drop_index(op.f("ix_external_identities_user_id"), table_name="external_identities")
    op.drop_index(op.f("ix_external_identities_subject"), table_name="external_identities")
    op.drop_table("external_identities")
    op.drop_index(op.f("ix_account_links_user_id"), table_name="account_links")
    op.drop_index(op.f("ix_account_links_expires_at"), table_name="account_links")
    op.drop_table("account_links")
    op.drop_table("zone_release")
    op.drop_table("zone_offsets")
    op.drop_table("webhook_rejections")
    op.drop_index(
        "ix_webhook_events_parked", table_name="webhook_events", postgresql_where=sa.text("status = 'parked'")
    )
    op.drop_index("ix_webhook_events_due", table_name="webhook_events", postgresql_where=sa.text("status = 'received'"))
    op.drop_table("webhook_events")
    op.drop_index("uq_users_email_lower", table_name="users")
    op.drop_table("users")
    op.drop_index("uq_tax_rates_applies", table_name="tax_rates", postgresql_where=sa.text("applies"))
    op.drop_table("tax_rates")
    op.drop_table("tally_state")
    op.drop_table("tallied_days")
    op.drop_index("ix_transfers_account", table_name="transfers", schema="sandbox")
    op.drop_table("transfers", schema="sandbox")
    op.drop_index(
        "ix_subscriptions_due",
        table_name="subscriptions",
        schema="sandbox",
        postgresql_where=sa.text("status IN ('active', 'past_due')"),
    )
    op.drop_table("subscriptions", schema="sandbox")
    op.drop_index(
        "ix_payouts_ripe", table_name="payouts", schema="sandbox", postgresql_where=sa.text("status = 'pending'")
    )
    op.drop_index("ix_payouts_account", table_name="payouts", schema="sandbox")
    op.drop_table("payouts", schema="sandbox")
    op.drop_index(op.f("ix_idempotency_keys_created_at"), table_name="idempotency_keys", schema="sandbox")
    op.drop_table("idempotency_keys", schema="sandbox")
    op.drop_table("faults", schema="sandbox")
    op.drop_index("ix_events_created_at", table_name="events", schema="sandbox")
    op.drop_table("events", schema="sandbox")
    op.drop_table("accounts", schema="sandbox")
    op.drop_index("ix_receipts_reference", table_name="receipts")
    op.drop_table("receipts")
    op.drop_table("rate_limits")
    op.drop_table("provider_products")
    op.drop_table("provider_cursors")
    op.drop_index(op.f("ix_portal_links_expires_at"), table_name="portal_links")
    op.drop_table("portal_links")
    op.drop_table("payout_weeks")
    op.drop_table("payment_tallies")
    op.drop_index("ix_outside_busy_during", table_name="outside_busy", postgresql_using="gist")
    op.drop_table("outside_busy")
    op.drop_index("ix_mails_user", table_name="mails", postgresql_where=sa.text("user_id IS NOT NULL"))
    op.drop_index("ix_mails_recent", table_name="mails")
    op.drop_table("mails")
    op.drop_index("ix_ledger_transactions_reference", table_name="ledger_transactions")
    op.drop_table("ledger_transactions")
    op.drop_index("ix_ledger_accounts_owner", table_name="ledger_accounts")
    op.drop_table("ledger_accounts")
    op.drop_table("invoice_series")
    op.drop_index(op.f("ix_idempotency_keys_expires_at"), table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_index("ix_free_days_day", table_name="free_days")
    op.drop_table("free_days")
    op.drop_index("ix_customer_tallies_payer", table_name="customer_tallies")
    op.drop_table("customer_tallies")
    op.drop_table("categories")
    op.drop_index("ix_audit_log_subject", table_name="audit_log")
    op.drop_index("ix_audit_log_actor", table_name="audit_log")
    op.drop_table("audit_log")
    op.execute("DROP TABLE pgqueuer, pgqueuer_log, pgqueuer_schedules, pgqueuer_statistics")
    op.execute("DROP FUNCTION fn_pgqueuer_changed")
    op.execute("DROP TYPE pgqueuer_status")
