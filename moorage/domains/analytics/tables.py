"""Tables of analytics: what whole days, and customers, came to when they were last added up. Nothing is lost with them:
a report adds up by itself whatever is not here, or has changed since.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Index, SmallInteger, Table, Text, Uuid

from moorage.kernel.tables import currency_check, instant, metadata, minor

payment_tallies = Table(
    "payment_tallies",
    metadata,
    # The local midnight that begins the day, of the calendar that the tally was made by.
    Column("day_start", DateTime(timezone=True), primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("payment_type", Text, primary_key=True),
    Column("method", Text, primary_key=True),
    Column("payments", BigInteger, nullable=False),
    Column("collected", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("canceled", BigInteger, nullable=False),
    Column("orders", BigInteger, nullable=False),
    Column("given_back", BigInteger, nullable=False),
    minor("gross_minor"),
    minor("refunded_minor"),
    minor("lost_minor"),
    currency_check(),
)

# Which days have been added up, those without a payment too.
tallied_days = Table(
    "tallied_days",
    metadata,
    Column("day_start", DateTime(timezone=True), primary_key=True),
    instant("day_end"),
    CheckConstraint("day_start < day_end", name="day_order"),
)

customer_tallies = Table(
    "customer_tallies",
    metadata,
    Column("currency", Text, primary_key=True),
    Column("payer_id", Uuid, primary_key=True),
    minor("spent_minor"),
    Column("payments", BigInteger, nullable=False),
    instant("first_at"),
    instant("last_at"),
    currency_check(),
    Index("ix_customer_tallies_payer", "payer_id"),
)

# One row: until when changes of payments have been taken in, and the first payment's time.
tally_state = Table(
    "tally_state",
    metadata,
    Column("no", SmallInteger, primary_key=True),
    instant("taken_in_until"),
    instant("first_payment_at"),
    CheckConstraint("no = 1", name="one_row"),
)
