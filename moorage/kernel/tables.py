"""One MetaData for the whole schema, and the few column shapes that every table shares."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, MetaData, Text, Uuid, func, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


_NEW_ID = (
    "encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing"
    " substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),"
    " 52, 1), 53, 1), 'hex')::uuid"
)


def id_column() -> Column[Any]:
    """The primary key: a UUIDv7 that the caller makes."""
    return Column("id", Uuid, primary_key=True)


def made_id() -> Column[Any]:
    """The primary key of rows that SQL functions write and nobody asks for by id: a UUIDv7 by default. The expression
    is that of new_id(), which a default cannot name: functions come and go with their files.
    """
    return Column("id", Uuid, primary_key=True, server_default=text(_NEW_ID))


def instant(name: str, *, nullable: bool = False, default_now: bool = False, **kwargs: Any) -> Column[Any]:
    """A timestamptz column; every stored instant is one."""
    default = func.now() if default_now else None
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=default, **kwargs)


def created_at() -> Column[Any]:
    """When the row was first written."""
    return instant("created_at", default_now=True)


def updated_at() -> Column[Any]:
    """When the row last changed; written by the statement that changes it."""
    return instant("updated_at", default_now=True)


def minor(name: str, *, nullable: bool = False, default: int | None = None) -> Column[Any]:
    """An amount in integer minor units of the row's currency."""
    server_default = None if default is None else str(default)
    return Column(name, BigInteger, nullable=nullable, server_default=server_default)


def reference(
    name: str, target: str, *, ondelete: str = "RESTRICT", nullable: bool = False, **kwargs: Any
) -> Column[Any]:
    """A foreign key with its delete rule said aloud."""
    return Column(name, Uuid, ForeignKey(target, ondelete=ondelete), nullable=nullable, **kwargs)


def text_column(name: str, *, nullable: bool = False, default: str | None = None) -> Column[Any]:
    """A text column; lengths are checked at the edge, with the limits in settings."""
    return Column(name, Text, nullable=nullable, server_default=default)


def one_of(column: str, *values: str) -> CheckConstraint:
    """A closed set of values for a text column."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def currency_check() -> CheckConstraint:
    """Three capital letters; which codes exist is `kernel.money`'s to say."""
    return CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_code")
