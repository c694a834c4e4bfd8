-- For whoever reads with SQL (docs/database.md): payments with each provider's ids by name, and sums. Both show what the
-- asker may see and no more, for they read as the one who asks.

-- `amount` and `amount_refunded` are whole units; `payment_method` is the provider, or how money came by hand.
CREATE VIEW payment_overview WITH (security_invoker = true) AS
  SELECT id, payer_id AS user_id, purpose, purpose_id,
         money_text(amount_minor, currency)::numeric AS amount,
         money_text(refunded_minor, currency)::numeric AS amount_refunded, currency,
         CASE provider WHEN 'manual' THEN coalesce(payment_method, provider) ELSE provider END AS payment_method, status,
         CASE provider WHEN 'stripe' THEN coalesce(provider_ids ->> 'payment_intent', substring(provider_ref FROM '^pi_.*'))
           END AS stripe_payment_intent_id,
         CASE provider WHEN 'stripe' THEN provider_ids ->> 'customer' END AS stripe_customer_id,
         CASE provider WHEN 'stripe' THEN provider_ids ->> 'charge' END AS stripe_charge_id,
         CASE provider WHEN 'paypal' THEN provider_ref END AS paypal_order_id,
         CASE provider WHEN 'paypal' THEN provider_ids ->> 'capture' END AS paypal_payment_id,
         CASE provider WHEN 'paypal' THEN provider_ids ->> 'payer' END AS paypal_payer_id,
         metadata, succeeded_at AS payment_date, created_at, updated_at
    FROM payments;

-- How much by method, status and currency, in whole units of the currency.
CREATE VIEW payment_summary WITH (security_invoker = true) AS
  SELECT CASE provider WHEN 'manual' THEN coalesce(payment_method, provider) ELSE provider END AS payment_method, status,
         currency, count(*) AS payment_count,
         round(sum(amount_minor) / power(10::numeric, currency_exponent(currency)), currency_exponent(currency))
           AS total_amount
    FROM payments GROUP BY 1, 2, 3;

GRANT SELECT ON payment_overview, payment_summary TO moorage_web, moorage_worker;
