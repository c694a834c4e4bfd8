-- Figures over payments: what reports may add up, and the functions that do so for administrators. Each reads its rows
-- once; amounts are minor units of the one currency that is asked for.

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

-- A payment as reports read it. `lost_minor`: what disputes that were lost took back.
CREATE OR REPLACE VIEW payment_facts WITH (security_invoker = true) AS
  SELECT id, created_at, currency, status, payer_id, purpose_id, payment_type(purpose) AS payment_type,
         method_kind(payment_method, provider) AS method, provider, amount_minor, refunded_minor,
         CASE WHEN status = 'charged_back' THEN disputed_minor ELSE 0 END AS lost_minor,
         succeeded_at IS NOT NULL AS is_collected
    FROM payments;

-- A refund or dispute with the time at which its payment was made.
CREATE OR REPLACE VIEW refund_facts WITH (security_invoker = true) AS
  SELECT r.id, r.payment_id, p.created_at, r.currency, r.status, r.reason, r.amount_minor
    FROM refunds r JOIN payments p ON p.id = r.payment_id;
CREATE OR REPLACE VIEW dispute_facts WITH (security_invoker = true) AS
  SELECT d.id, d.payment_id, p.created_at, d.currency, d.status, d.reason, d.amount_minor
    FROM disputes d JOIN payments p ON p.id = d.payment_id;
GRANT SELECT ON payment_facts, refund_facts, dispute_facts TO moorage_engine, moorage_web, moorage_worker;

-- Refuses 'forbidden' to whoever is no administrator.
CREATE OR REPLACE FUNCTION check_reports() RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT asking_admin() THEN
    PERFORM refuse('forbidden', 'Reports are for administrators.');
  END IF;
END $$;

-- The currencies of the payments made in [p_from, p_to), the most frequent first.
CREATE OR REPLACE FUNCTION reported_currencies(p_from timestamptz, p_to timestamptz) RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM check_reports();
  RETURN QUERY SELECT f.currency FROM payment_facts f WHERE f.created_at >= p_from AND f.created_at < p_to
    GROUP BY f.currency ORDER BY count(*) DESC, f.currency;
END $$;

-- Payments between the first and the last of `p_edges` (ascending), counted and added up: in all ('total'), by interval
-- ('interval', its number from 1), by payment type ('type') and by method ('method'). `gross_minor` is what was
-- collected, `orders` the collected payments that begin an order (a balance or an add-on belongs to one).
CREATE OR REPLACE FUNCTION report_payments(p_currency text, p_edges timestamptz[])
RETURNS TABLE (dimension text, key text, payments bigint, collected bigint, failed bigint, canceled bigint,
               orders bigint, given_back bigint, gross_minor numeric, refunded_minor numeric, lost_minor numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM check_reports();
  RETURN QUERY
  WITH cells AS MATERIALIZED (
    SELECT width_bucket(f.created_at, p_edges) AS number, f.payment_type, f.method, count(*) AS payments,
           count(*) FILTER (WHERE f.is_collected) AS collected, count(*) FILTER (WHERE f.status = 'failed') AS failed,
           count(*) FILTER (WHERE f.status = 'canceled') AS canceled,
           count(*) FILTER (WHERE f.is_collected AND f.payment_type NOT IN ('balance', 'addon')) AS orders,
           count(*) FILTER (WHERE f.refunded_minor > 0) AS given_back,
           coalesce(sum(f.amount_minor) FILTER (WHERE f.is_collected), 0) AS gross_minor,
           sum(f.refunded_minor) AS refunded_minor, sum(f.lost_minor) AS lost_minor
      FROM payment_facts f
     WHERE f.currency = p_currency AND f.created_at >= p_edges[1] AND f.created_at < p_edges[cardinality(p_edges)]
     GROUP BY 1, 2, 3
  ), keyed AS (
    SELECT 'total' AS dimension, '' AS key, c.* FROM cells c
    UNION ALL SELECT 'interval', c.number::text, c.* FROM cells c
    UNION ALL SELECT 'type', c.payment_type, c.* FROM cells c
    UNION ALL SELECT 'method', c.method, c.* FROM cells c
  )
  SELECT k.dimension, k.key, sum(k.payments)::bigint, sum(k.collected)::bigint, sum(k.failed)::bigint,
         sum(k.canceled)::bigint, sum(k.orders)::bigint, sum(k.given_back)::bigint, sum(k.gross_minor),
         sum(k.refunded_minor), sum(k.lost_minor)
    FROM keyed k GROUP BY 1, 2 ORDER BY 1, 9 DESC, 2;
END $$;

-- Refunds that succeeded, of the payments made in [p_from, p_to), by reason.
CREATE OR REPLACE FUNCTION report_refunds(p_currency text, p_from timestamptz, p_to timestamptz)
RETURNS TABLE (reason text, refunds bigint, amount_minor numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM check_reports();
  RETURN QUERY SELECT f.reason, count(*), sum(f.amount_minor) FROM refund_facts f
    WHERE f.currency = p_currency AND f.status = 'succeeded' AND f.created_at >= p_from AND f.created_at < p_to
    GROUP BY f.reason ORDER BY 3 DESC, 1;
END $$;

-- Disputes of the payments made in [p_from, p_to), by status, and of how many payments they are.
CREATE OR REPLACE FUNCTION report_disputes(p_currency text, p_from timestamptz, p_to timestamptz)
RETURNS TABLE (status text, disputes bigint, payments bigint, amount_minor numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM check_reports();
  RETURN QUERY SELECT f.status, count(*), count(DISTINCT f.payment_id), sum(f.amount_minor) FROM dispute_facts f
    WHERE f.currency = p_currency AND f.created_at >= p_from AND f.created_at < p_to GROUP BY ROLLUP (f.status) ORDER BY 1;
END $$;

-- Who spent most, of all time: what was collected of them less what went back, the number of those payments, the first
-- and the last; and of how many customers in all, who spent how much together. One row with NULL where there is nobody.
CREATE OR REPLACE FUNCTION report_customers(p_currency text, p_limit integer, p_offset integer DEFAULT 0)
RETURNS TABLE (payer_id uuid, email text, name text, spent_minor numeric, payments bigint, first_at timestamptz,
               last_at timestamptz, customers bigint, all_spent_minor numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM check_reports();
  RETURN QUERY
  WITH spent AS MATERIALIZED (
    SELECT f.payer_id, sum(f.amount_minor - f.refunded_minor - f.lost_minor) AS minor, count(*) AS payments,
           min(f.created_at) AS first_at, max(f.created_at) AS last_at
      FROM payment_facts f WHERE f.currency = p_currency AND f.is_collected AND f.payer_id IS NOT NULL
     GROUP BY f.payer_id
  ), everybody AS (
    SELECT count(*) AS customers, coalesce(sum(s.minor), 0) AS minor FROM spent s
  ), page AS (
    SELECT s.* FROM spent s ORDER BY s.minor DESC, s.payer_id LIMIT p_limit OFFSET p_offset
  )
  SELECT page.payer_id, u.email, concat_ws(' ', nullif(u.first_name, ''), nullif(u.last_name, '')), page.minor,
         page.payments, page.first_at, page.last_at, everybody.customers, everybody.minor
    FROM everybody LEFT JOIN page ON true LEFT JOIN users u ON u.id = page.payer_id
   ORDER BY page.minor DESC, page.payer_id;
END $$;

DO $$
DECLARE routine regprocedure;
BEGIN
  FOREACH routine IN ARRAY ARRAY['reported_currencies(timestamptz,timestamptz)', 'report_payments(text,timestamptz[])',
    'report_refunds(text,timestamptz,timestamptz)', 'report_disputes(text,timestamptz,timestamptz)',
    'report_customers(text,integer,integer)']::regprocedure[] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO moorage_engine', routine);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', routine);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO moorage_web', routine);
  END LOOP;
END $$;
