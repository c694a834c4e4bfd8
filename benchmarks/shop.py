"""Bookings that wait to be paid, for benchmarks: practitioners with hours, and holds made by `hold_booking` itself."""

from typing import Final

from moorage.kernel.db import Connection

PRACTITIONERS: Final = 50
PRICE_MINOR: Final = 8_000

_OPEN = f"""
INSERT INTO users (id, email, email_verified_at)
SELECT gen_random_uuid(), 'bench' || n || '@example.com', now() FROM generate_series(0, {PRACTITIONERS}) AS n;
INSERT INTO practitioners (id, user_id, display_name, timezone, verification_status, verified_at)
SELECT gen_random_uuid(), id, 'Practitioner', 'UTC', 'verified', now() FROM users WHERE email <> 'bench0@example.com';
INSERT INTO weekly_hours (id, practitioner_id, weekday, start_minute, minutes)
SELECT gen_random_uuid(), p.id, day, 540, 480 FROM practitioners p, generate_series(0, 6) AS day;
INSERT INTO categories (id, slug, name) VALUES (gen_random_uuid(), 'bench', 'Bench') ON CONFLICT DO NOTHING;
INSERT INTO services (id, practitioner_id, category_id, title, service_type, price_minor, currency, duration_minutes,
                      slot_interval_minutes, horizon_days)
SELECT gen_random_uuid(), p.id, c.id, 'An hour', 'session', {PRICE_MINOR}, 'USD', 60, 60, 700
  FROM practitioners p, categories c WHERE c.slug = 'bench';
CREATE TABLE bench_holds (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payment_id uuid NOT NULL);
CREATE SEQUENCE bench_turn;
GRANT SELECT, INSERT ON bench_holds TO PUBLIC;
GRANT USAGE ON bench_turn TO PUBLIC;
"""  # noqa: S608 - two constants
_HOLD = """
INSERT INTO bench_holds (payment_id)
SELECT held.payment_id
  FROM services s,
       hold_booking(gen_random_uuid(), (SELECT id FROM users WHERE email = 'bench0@example.com'), NULL, now(),
                    s.id,
                    date_trunc('day', now(), 'UTC')
                      + make_interval(days => 3 + $1::int / 8, hours => 9 + $1::int % 8),
                    NULL, NULL, NULL, NULL, NULL, NULL, '', gen_random_uuid(), gen_random_uuid(), 'sandbox',
                    600, 500, '{}', '{}') AS held
"""


async def open_shop(db: Connection) -> None:
    """People, hours, services; `db` is a superuser's."""
    await db.execute(_OPEN)


async def hold(db: Connection, first_slot: int, each: int) -> None:
    """`each` holds with every practitioner, from their slot number `first_slot` on; `bench_holds` lists their payments
    in an order that goes round the practitioners.
    """
    for slot in range(first_slot, first_slot + each):
        await db.execute(_HOLD, slot)
    await db.execute("ANALYZE")
