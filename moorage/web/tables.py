"""Tables of the HTTP plumbing: answers kept for repeats, and counters of the rate limits."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table, Text, Uuid

from moorage.kernel.tables import created_at, instant, metadata, one_of, text_column

# Idempotency-Key: the first answer, kept for repeats. The key belongs to its caller.
idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("caller", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    # SHA-256 over method, path and body: the same key with anything else is refused.
    Column("fingerprint", LargeBinary, nullable=False),
    # The id that the request's new row takes, the same at every try: a try that died half-way is found again by it.
    Column("subject_id", Uuid, nullable=False),
    text_column("state", default="running"),
    instant("locked_until"),
    Column("status", Integer),
    text_column("content_type", nullable=True),
    Column("body", LargeBinary),
    created_at(),
    instant("expires_at", index=True),
    one_of("state", "running", "answered"),
)

# Rate limits: what was taken in the present window by a caller; processes take in small lots.
rate_limits = Table(
    "rate_limits",
    metadata,
    Column("caller", Text, primary_key=True),
    Column("window_no", BigInteger, primary_key=True),
    Column("taken", Integer, nullable=False),
    prefixes=["UNLOGGED"],
)
