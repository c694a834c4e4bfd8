"""What subscriptions and the payments of their periods must be: queries as in audit_checks."""

from typing import Final

SUBSCRIPTIONS: Final[dict[str, str]] = {
    # A provider tells of the first payment and of the subscription by several events, which may come minutes apart.
    "paid_period_has_its_subscription": """
        SELECT p.id::text AS subject, 'a period was paid of a subscription that does not exist' FROM payments p
         WHERE p.purpose = 'subscription' AND p.succeeded_at < now() - interval '15 minutes'
           AND NOT EXISTS (SELECT FROM subscriptions s WHERE s.id = p.purpose_id AND s.provider = p.provider)
    """,
    "period_is_one_payment": """
        SELECT p.purpose_id::text AS subject, format('%s payments for the bill %s', count(*), bill.ref)
          FROM payments p,
               LATERAL (SELECT coalesce(p.provider_ids ->> 'invoice', p.provider_ref)) AS bill (ref)
         WHERE p.purpose = 'subscription' AND p.succeeded_at IS NOT NULL
         GROUP BY p.purpose_id, p.provider, bill.ref HAVING count(*) > 1
    """,
}
