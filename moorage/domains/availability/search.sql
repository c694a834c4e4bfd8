-- Searching many practitioners for free time: the summary finds, and where its 5-minute pieces do not decide (a free
-- stretch or the window that begins or ends inside one), the truth is asked.

-- The earliest instant from which a resource is free for p_minutes in one piece within [p_from, p_to); NULL when none.
-- Exact: hours less claims. Looked for two days at a time, since most are found in the first two.
CREATE FUNCTION earliest_free(p_resource bigint, p_from timestamptz, p_to timestamptz, p_minutes int)
RETURNS timestamptz LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_practitioner uuid := (SELECT p.id FROM practitioners p WHERE p.resource_no = p_resource);
  v_lasts interval := p_minutes * interval '1 minute';
  v_from timestamptz := p_from;
  v_found timestamptz;
BEGIN
  WHILE v_from + v_lasts <= p_to LOOP
    SELECT min(lower(s)) INTO v_found
    FROM unnest(free_time(v_practitioner, v_from, least(p_to, v_from + interval '48 hours' + v_lasts))) s
    WHERE upper(s) - lower(s) >= v_lasts;
    IF v_found IS NOT NULL THEN
      RETURN v_found;
    END IF;
    v_from := v_from + interval '48 hours';
  END LOOP;
  RETURN NULL;
END $$;

-- Whether a resource is free for p_minutes in one piece within [p_from, p_to). Exact. The cost that the planner is told
-- is far below the true one, since it is asked of few rows; it still is the last condition to be tried.
CREATE FUNCTION is_free_between(p_resource bigint, p_from timestamptz, p_to timestamptz, p_minutes int)
RETURNS boolean LANGUAGE plpgsql STABLE COST 10 AS $$
BEGIN
  RETURN earliest_free(p_resource, p_from, p_to, p_minutes) IS NOT NULL;
END $$;

-- The condition, as SQL text, that the resource number in column p_column is free for p_minutes in one piece within
-- [p_from, p_to) and not before p_now (rounded up to 5 minutes). Text, because its constants (days, pieces, the run
-- that is looked for) are what lets the planner choose between the day's index and the practitioner's, and a query of
-- other filters can take it in whole. At most 24 hours are looked for.
CREATE FUNCTION free_condition(p_column text, p_from timestamptz, p_to timestamptz, p_minutes int, p_now timestamptz)
RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_from timestamptz := greatest(p_from, date_bin('5 minutes', p_now + interval '5 minutes' - interval '1 microsecond',
                                                  '2000-01-01 00:00Z'));
  v_first date := (v_from AT TIME ZONE 'UTC')::date;
  v_last date := ((p_to - interval '1 microsecond') AT TIME ZONE 'UTC')::date;
  v_begin int := floor(pieces_into(v_first, v_from));
  v_end int := ceil(pieces_into(v_last, p_to));
  v_run int := ceil(p_minutes / 5.0);
  v_found text;
  v_lapsed bigint[];
BEGIN
  IF v_from + p_minutes * interval '1 minute' > p_to OR v_run NOT BETWEEN 1 AND 288 THEN
    RETURN 'false';
  ELSIF v_first = v_last THEN
    v_found := format('f.day = %L AND position(%s IN substring(f.bits FROM %s FOR %s)) > 0 AND %s',
                      v_first, ones(v_run), v_begin + 1, v_end - v_begin, decided('f.ragged', v_from, p_to, p_minutes));
  ELSE
    v_found := format(
      'f.day BETWEEN %1$L AND %2$L AND (position(%3$s IN CASE f.day WHEN %1$L THEN substring(f.bits FROM %4$s)
         WHEN %2$L THEN substring(f.bits FOR %5$s) ELSE f.bits END) > 0 AND %6$s OR %7$s)',
      v_first, v_last, ones(v_run), v_begin + 1, v_end, decided('f.ragged', v_from, p_to, p_minutes),
      over_midnight(v_first, v_last, v_begin, v_end, v_run, decided('f.ragged OR g.ragged', v_from, p_to, p_minutes)));
  END IF;
  v_found := format('%s IN (SELECT f.resource_no FROM free_days f WHERE %s)', p_column, v_found);
  -- What expired holds have given up is missing from the summary until a cleaner comes by: normally nobody's.
  v_lapsed := ARRAY(SELECT r FROM resources_with_expired_holds(v_from, p_to) r
                    WHERE is_free_between(r, v_from, p_to, p_minutes));
  RETURN CASE WHEN v_lapsed = '{}' THEN v_found ELSE format('(%s OR %s = ANY (%L))', v_found, p_column, v_lapsed) END;
END $$;

-- A bit string literal of so many ones.
CREATE FUNCTION ones(p_count int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT format('B%L', repeat('1', p_count))
$$;

-- What is left to ask when the pieces say free: nothing where they decide, else the truth.
CREATE FUNCTION decided(p_ragged text, p_from timestamptz, p_to timestamptz, p_minutes int) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN format('(%s is_free_between(f.resource_no, %L, %L, %s))',
                CASE WHEN on_piece(p_from) AND on_piece(p_to) THEN format('NOT (%s) OR', p_ragged) END,
                p_from, p_to, p_minutes);
END $$;

-- The part of the condition for a run that goes on over midnight UTC: the last pieces of a day and the first of the
-- next, one less than the run of each, so that whatever lies within one day is not looked at again.
CREATE FUNCTION over_midnight(p_first date, p_last date, p_begin int, p_end int, p_run int, p_decided text)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT format(
    'f.day < %1$L AND get_bit(f.bits, 287) = 1 AND EXISTS (
       SELECT FROM free_days g WHERE g.resource_no = f.resource_no AND g.day = f.day + 1
         AND position(%2$s IN substring(f.bits FROM CASE f.day WHEN %3$L THEN %4$s ELSE %5$s END)
                              || substring(g.bits FOR CASE g.day WHEN %1$L THEN %6$s ELSE %7$s END)) > 0
         AND %8$s)',
    p_last, ones(p_run), p_first, greatest(p_begin + 1, 290 - p_run), 290 - p_run,
    least(p_end, p_run - 1), p_run - 1, p_decided)
$$;

-- Who is free for p_minutes in one piece within [p_from, p_to), and from when: the first p_limit verified practitioners
-- above resource p_after.
CREATE FUNCTION search_free(p_from timestamptz, p_to timestamptz, p_minutes int, p_now timestamptz,
                            p_after bigint DEFAULT 0, p_limit int DEFAULT 50)
RETURNS TABLE (practitioner_id uuid, resource_no bigint, earliest timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN QUERY EXECUTE format(
    'SELECT n.id, n.resource_no, earliest_free(n.resource_no, greatest($1, $4), $2, $3)
     FROM (SELECT p.id, p.resource_no FROM practitioners p
           WHERE p.verification_status = ''verified'' AND p.resource_no > $5 AND %s
           ORDER BY p.resource_no LIMIT $6) n ORDER BY n.resource_no',
    free_condition('p.resource_no', p_from, p_to, p_minutes, p_now))
  USING p_from, p_to, p_minutes, p_now, p_after, p_limit;
END $$;

-- The first p_count starts within [p_from, p_to) of each of many services: the core, asked about growing stretches of
-- time and each time only for those that still want starts.
CREATE FUNCTION first_starts(p_services uuid[], p_from timestamptz, p_to timestamptz, p_now timestamptz, p_count int)
RETURNS TABLE (service_id uuid, starts_at timestamptz) LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_wanting uuid[] := p_services;
  v_missing int[] := array_fill(p_count, ARRAY[cardinality(p_services)]);
  v_from timestamptz := p_from;
  v_step interval := interval '24 hours';
  v_to timestamptz;
  v_ids uuid[];
  v_starts timestamptz[];
BEGIN
  WHILE v_from < p_to AND cardinality(v_wanting) > 0 LOOP
    v_to := least(p_to, v_from + v_step);
    SELECT coalesce(array_agg(n.id), '{}'), array_agg(n.start) INTO v_ids, v_starts
    FROM (SELECT w.id, w.missing, s.starts_at AS start,
                 row_number() OVER (PARTITION BY w.id ORDER BY s.starts_at) AS place
          FROM starts_of(v_wanting, v_from, v_to, p_now, NULL) s
          JOIN unnest(v_wanting, v_missing) w(id, missing) ON w.id = s.service_id) n
    WHERE n.place <= n.missing;
    RETURN QUERY SELECT * FROM unnest(v_ids, v_starts);
    SELECT coalesce(array_agg(w.id), '{}'), array_agg(w.missing - coalesce(f.found, 0)) INTO v_wanting, v_missing
    FROM unnest(v_wanting, v_missing) w(id, missing)
    LEFT JOIN (SELECT u.id, count(*)::int AS found FROM unnest(v_ids) u(id) GROUP BY u.id) f ON f.id = w.id
    WHERE w.missing > coalesce(f.found, 0);
    v_from := v_to;
    v_step := v_step * 2;
  END LOOP;
END $$;
