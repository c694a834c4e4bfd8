-- Reports, for administrators: figures over payments. Amounts are minor units of the one currency that is asked for.

-- Refuses 'forbidden' to whoever is no administrator.
CREATE OR REPLACE FUNCTION check_reports() RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT asking_admin() THEN
    PERFORM refuse('forbidden', 'Reports are for administrators.');
  END IF;
END $$;

-- Payments between the first and the last of `p_edges` (ascending), counted and added up: in all ('total'), by interval
-- ('interval', its number from 1), by payment type ('type') and by method ('method'), of `p_currency` or where that is
-- NULL of the most frequent one; 'currency' counts the payments of each. `p_days` are the days' edges in the same
-- stretch: a whole day's tally is taken where it holds. `gross_minor` is what was collected, `orders` the collected
-- payments that begin an order (a balance or an add-on belongs to one).
CREATE OR REPLACE FUNCTION report_payments(p_currency text, p_edges timestamptz[], p_days timestamptz[])
RETURNS TABLE (dimension text, key text, payments bigint, collected bigint, failed bigint, canceled bigint,
               orders bigint, given_back bigint, gross_minor numeric, refunded_minor numeric, lost_minor numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE known tstzmultirange; live tstzmultirange;
BEGIN
  PERFORM check_reports();
  SELECT coalesce(range_agg(tstzrange(d.day_start, d.day_end)), '{}') INTO known
    FROM days_between(p_days) w JOIN tallied_days d ON (d.day_start, d.day_end) = (w.day_start, w.day_end)
   WHERE d.day_start NOT IN (SELECT s.day_start FROM stale_days() AS s);
  live := tstzmultirange(tstzrange(p_edges[1], p_edges[cardinality(p_edges)])) - known;
  RETURN QUERY
  WITH cells AS MATERIALIZED (
    SELECT width_bucket(t.day_start, p_edges) AS number, t.currency, t.payment_type, t.method, t.payments, t.collected,
           t.failed, t.canceled, t.orders, t.given_back, t.gross_minor, t.refunded_minor, t.lost_minor
      FROM payment_tallies t WHERE t.day_start >= p_edges[1] AND t.day_start <@ known
    UNION ALL
    SELECT part.number, c.*
      FROM unnest(live) AS r (span),
           -- One of its stretches at a time, cut where intervals begin.
           LATERAL (SELECT at AS number, greatest(lower(r.span), p_edges[at]) AS begins,
                           least(upper(r.span), p_edges[at + 1]) AS ends
                      FROM generate_series(width_bucket(lower(r.span), p_edges), cardinality(p_edges) - 1) AS at
                     WHERE p_edges[at] < upper(r.span)) AS part,
           LATERAL add_up(part.begins, part.ends) AS c
  ), chosen AS MATERIALIZED (
    SELECT coalesce(p_currency, (SELECT c.currency FROM cells c GROUP BY 1 ORDER BY sum(c.payments) DESC, 1 LIMIT 1))
             AS currency
  ), keyed AS (
    SELECT d.dimension, d.key, c.*
      FROM cells c JOIN chosen ON chosen.currency = c.currency,
           LATERAL (VALUES ('total', chosen.currency), ('interval', c.number::text), ('type', c.payment_type),
                           ('method', c.method)) AS d (dimension, key)
    UNION ALL SELECT 'currency', c.currency, c.* FROM cells c
  )
  SELECT k.dimension, k.key, sum(k.payments)::bigint, sum(k.collected)::bigint, sum(k.failed)::bigint,
         sum(k.canceled)::bigint, sum(k.orders)::bigint, sum(k.given_back)::bigint, sum(k.gross_minor),
         sum(k.refunded_minor), sum(k.lost_minor)
    FROM keyed k GROUP BY 1, 2 ORDER BY 1, 9 DESC, 2;
END $$;

-- Refunds that succeeded, asked for in [p_from, p_to), by reason.
CREATE OR REPLACE FUNCTION report_refunds(p_currency text, p_from timestamptz, p_to timestamptz)
RETURNS TABLE (reason text, refunds bigint, amount_minor numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM check_reports();
  RETURN QUERY SELECT f.reason, count(*), sum(f.amount_minor) FROM refund_facts f
    WHERE f.currency = p_currency AND f.status = 'succeeded' AND f.created_at >= p_from AND f.created_at < p_to
    GROUP BY f.reason ORDER BY 3 DESC, 1;
END $$;

-- Disputes opened in [p_from, p_to), by status and (status NULL) in all; and of how many payments they are.
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
RETURNS TABLE (payer_id uuid, email text, name text, spent_minor bigint, payments bigint, first_at timestamptz,
               last_at timestamptz, customers bigint, all_spent_minor numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM check_reports();
  RETURN QUERY
  WITH changed AS MATERIALIZED (
    SELECT DISTINCT f.payer_id FROM payment_facts f WHERE f.updated_at >= untallied_since() AND f.payer_id IS NOT NULL
  ), spent AS MATERIALIZED (
    SELECT t.payer_id, t.spent_minor AS minor, t.payments, t.first_at, t.last_at FROM customer_tallies t
     WHERE t.currency = p_currency AND NOT EXISTS (SELECT FROM changed c WHERE c.payer_id = t.payer_id)
    UNION ALL
    SELECT f.payer_id, sum(f.amount_minor - f.refunded_minor - f.lost_minor)::bigint, count(*), min(f.created_at),
           max(f.created_at)
      FROM changed c JOIN payment_facts f ON f.payer_id = c.payer_id
     WHERE f.currency = p_currency AND f.is_collected GROUP BY f.payer_id
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

SELECT run_as_engine('{report_payments, report_refunds, report_disputes, report_customers}', '{moorage_web}');
