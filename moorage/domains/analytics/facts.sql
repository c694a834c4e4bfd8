-- What reports may add up: views that other domains' rows are read through, as whoever asks may see them.

-- Which word of a report a payment's purpose is.
CREATE OR REPLACE FUNCTION payment_type(p_purpose text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE p_purpose WHEN 'booking_deposit' THEN 'deposit' WHEN 'booking_balance' THEN 'balance'
    WHEN 'booking_add_on' THEN 'addon' WHEN 'booking_full' THEN 'full' WHEN 'free_amount' THEN 'free' ELSE p_purpose END
$$;

-- How a payment was made, without whose card it was: `visa 4242` is a card.
CREATE OR REPLACE FUNCTION method_kind(p_method text, p_provider text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN p_method IS NULL THEN p_provider WHEN p_method LIKE '% ____' THEN 'card' ELSE p_method END
$$;

-- A payment as reports read it. `lost_minor`: what disputes that were lost took back. What was declined failed, also where
-- it was given up after that.
CREATE OR REPLACE VIEW payment_facts WITH (security_invoker = true) AS
  SELECT id, created_at, updated_at, currency, status, payer_id, purpose_id, payment_type(purpose) AS payment_type,
         method_kind(payment_method, provider) AS method, provider, amount_minor, refunded_minor,
         CASE WHEN status = 'charged_back' THEN disputed_minor ELSE 0 END AS lost_minor,
         succeeded_at IS NOT NULL AS is_collected,
         status = 'failed' OR status = 'canceled' AND failure_code IS NOT NULL AS is_failed
    FROM payments;
CREATE OR REPLACE VIEW refund_facts WITH (security_invoker = true) AS
  SELECT id, payment_id, created_at, currency, status, reason, amount_minor FROM refunds;
CREATE OR REPLACE VIEW dispute_facts WITH (security_invoker = true) AS
  SELECT id, payment_id, created_at, currency, status, reason, amount_minor FROM disputes;
GRANT SELECT ON payment_facts, refund_facts, dispute_facts TO moorage_engine, moorage_web, moorage_worker;
