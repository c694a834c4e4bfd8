"""What can go wrong between us and a PostgreSQL server before any work is done."""


class PostgresError(Exception):
    """The database server cannot be used; the message says what to do about it."""


class BundledPostgresError(PostgresError):
    """The bundled PostgreSQL cannot be started."""


class UnsupportedPostgresError(PostgresError):
    """The server that DATABASE_URL names is too old."""


class UnreachablePostgresError(PostgresError):
    """The server that DATABASE_URL names cannot be reached, or lets nobody in by it."""
