-- Tallies: whole days, and customers, added up ahead of being asked. They are never the truth: a report takes a day's
-- tally where no payment of that day has changed since, and adds up the rows themselves everywhere else.

-- From when on a payment's change may not be in the tallies. Whoever was changing one when they were made had begun
-- before: no transaction lives for as long as the difference. Everything, where nothing was tallied yet.
CREATE OR REPLACE FUNCTION untallied_since() RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT taken_in_until - interval '5 minutes' FROM tally_state), '-infinity')
$$;

-- The tallied day that an instant lies in, by its start; NULL for none.
CREATE OR REPLACE FUNCTION tallied_day(p_at timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT near.day_start FROM (SELECT d.day_start, d.day_end FROM tallied_days d WHERE d.day_start <= p_at
                               ORDER BY d.day_start DESC LIMIT 1) AS near WHERE p_at < near.day_end
$$;

-- The tallied days of which a payment may have changed since. Days begin at whole quarters of an hour in every zone.
CREATE OR REPLACE FUNCTION stale_days() RETURNS TABLE (day_start timestamptz) LANGUAGE sql STABLE AS $$
  SELECT DISTINCT tallied_day(q.at)
    FROM (SELECT DISTINCT date_bin('15 minutes', f.created_at, 'epoch') AS at FROM payment_facts f
           WHERE f.updated_at >= untallied_since() AND EXISTS (SELECT FROM tallied_days)) AS q
   WHERE tallied_day(q.at) IS NOT NULL
$$;

-- When the first payment was made, as far as tallies go back; NULL while there is none.
CREATE OR REPLACE FUNCTION tally_begins() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT coalesce((SELECT s.first_payment_at FROM tally_state s), (SELECT min(f.created_at) FROM payment_facts f))
$$;

-- Takes in what has changed: forgets the days that are stale, or of another calendar than `p_days` (ascending midnights,
-- from the first payment's day to today's), adds up at most `p_limit` of the days that are missing, the latest first,
-- and brings customers up to date. Answers how many days are still missing. One at a time (advisory lock).
CREATE OR REPLACE FUNCTION tally_payments(p_days timestamptz[], p_limit integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE starts timestamptz[]; missing integer;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('moorage.tally_payments', 0));
  DELETE FROM tallied_days d WHERE d.day_start IN (SELECT s.day_start FROM stale_days() AS s)
     OR NOT EXISTS (SELECT FROM days_between(p_days) w WHERE (w.day_start, w.day_end) = (d.day_start, d.day_end));
  SELECT count(*), (array_agg(w.day_start ORDER BY w.day_start DESC))[:p_limit] INTO missing, starts
    FROM days_between(p_days) w WHERE NOT EXISTS (SELECT FROM tallied_days d WHERE d.day_start = w.day_start);
  DELETE FROM payment_tallies t WHERE t.day_start = ANY (starts)
     OR NOT EXISTS (SELECT FROM tallied_days d WHERE d.day_start = t.day_start);
  INSERT INTO payment_tallies
  SELECT w.day_start, c.* FROM days_between(p_days) w, add_up(w.day_start, w.day_end) AS c WHERE w.day_start = ANY (starts);
  INSERT INTO tallied_days SELECT w.* FROM days_between(p_days) w WHERE w.day_start = ANY (starts);
  PERFORM tally_customers();
  INSERT INTO tally_state AS s (no, taken_in_until, first_payment_at) VALUES (1, now(), p_days[1])
  ON CONFLICT (no) DO UPDATE SET taken_in_until = excluded.taken_in_until;
  RETURN missing - coalesce(cardinality(starts), 0);
END $$;

-- Midnights as days.
CREATE OR REPLACE FUNCTION days_between(p_days timestamptz[]) RETURNS TABLE (day_start timestamptz, day_end timestamptz)
LANGUAGE sql IMMUTABLE AS $$
  SELECT p_days[at], p_days[at + 1] FROM generate_series(1, cardinality(p_days) - 1) AS at
$$;

-- The payments made in [p_from, p_to), counted and added up by currency, type and method.
CREATE OR REPLACE FUNCTION add_up(p_from timestamptz, p_to timestamptz)
RETURNS TABLE (currency text, payment_type text, method text, payments bigint, collected bigint, failed bigint,
               canceled bigint, orders bigint, given_back bigint, gross_minor bigint, refunded_minor bigint,
               lost_minor bigint) LANGUAGE sql STABLE AS $$
  SELECT f.currency, f.payment_type, f.method, count(*), count(*) FILTER (WHERE f.is_collected),
         count(*) FILTER (WHERE f.is_failed), count(*) FILTER (WHERE f.status = 'canceled' AND NOT f.is_failed),
         count(*) FILTER (WHERE f.is_collected AND f.payment_type NOT IN ('balance', 'addon')),
         count(*) FILTER (WHERE f.refunded_minor > 0),
         coalesce(sum(f.amount_minor) FILTER (WHERE f.is_collected), 0)::bigint, sum(f.refunded_minor)::bigint,
         sum(f.lost_minor)::bigint
    FROM payment_facts f WHERE f.created_at >= p_from AND f.created_at < p_to GROUP BY 1, 2, 3
$$;

-- Adds up the customers one of whose payments may have changed since.
CREATE OR REPLACE FUNCTION tally_customers() RETURNS void LANGUAGE plpgsql AS $$
DECLARE changed uuid[];
BEGIN
  IF NOT EXISTS (SELECT FROM tally_state) THEN
    DELETE FROM customer_tallies;
    INSERT INTO customer_tallies
    SELECT f.currency, f.payer_id, sum(f.amount_minor - f.refunded_minor - f.lost_minor), count(*), min(f.created_at),
           max(f.created_at)
      FROM payment_facts f WHERE f.is_collected AND f.payer_id IS NOT NULL GROUP BY 1, 2;
    RETURN;
  END IF;
  changed := ARRAY(SELECT DISTINCT f.payer_id FROM payment_facts f
                    WHERE f.updated_at >= untallied_since() AND f.payer_id IS NOT NULL);
  DELETE FROM customer_tallies t WHERE t.payer_id = ANY (changed);
  INSERT INTO customer_tallies
  SELECT f.currency, f.payer_id, sum(f.amount_minor - f.refunded_minor - f.lost_minor), count(*), min(f.created_at),
         max(f.created_at)
    FROM payment_facts f WHERE f.payer_id = ANY (changed) AND f.is_collected GROUP BY 1, 2;
END $$;

SELECT guard_tables('{payment_tallies, tallied_days, customer_tallies, tally_state}', '{}');
GRANT UPDATE, DELETE ON payment_tallies, tallied_days, customer_tallies, tally_state TO moorage_engine;
SELECT run_as_engine('{tally_begins, tally_payments}', '{moorage_worker}');
