-- The search summary: which 5-minute pieces of a UTC day have free time in them, kept in the transaction that changes
-- what it summarises. Hours that change rewrite it; a claim clears its pieces by a mask; a release recomputes its days.

-- Pieces p_first (0-based) up to but without p_end of a day, as ones; numbers outside the day are cut. Inlined.
CREATE FUNCTION pieces(p_first int, p_end int) RETURNS bit(288) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (~B'0'::bit(288) >> least(288, greatest(0, p_first))) & (~B'0'::bit(288) << least(288, greatest(0, 288 - p_end)))
$$;

-- How many 5-minute pieces lie between the beginning of a UTC date and an instant, as a fraction.
CREATE FUNCTION pieces_into(p_day date, p_at timestamptz) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT extract(epoch FROM p_at - (p_day::timestamp AT TIME ZONE 'UTC'))::double precision / 300
$$;

-- Whether an instant lies on a 5-minute boundary.
CREATE FUNCTION on_piece(p_at timestamptz) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT date_bin(interval '5 minutes', p_at, timestamptz '2000-01-01 00:00Z') = p_at
$$;

-- Writes the summary of UTC days p_from..p_to of a resource afresh: a piece is 1 when any of it is free.
-- The caller holds the resource's lock.
CREATE FUNCTION refresh_free_days(p_resource bigint, p_from date, p_to date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_from timestamptz := p_from::timestamp AT TIME ZONE 'UTC';
  v_to timestamptz := (p_to + 1)::timestamp AT TIME ZONE 'UTC';
BEGIN
  INSERT INTO free_days AS f (resource_no, day, bits, ragged)
  SELECT p_resource, d.day, coalesce(b.bits, B'0'::bit(288)), coalesce(b.ragged, false)
  FROM (
    SELECT coalesce(range_agg(w.during), '{}')
         - (SELECT coalesce(range_agg(o.during), '{}') FROM busy_ranges(p_resource, v_from, v_to, NULL) o) AS stretches
    FROM practitioners p
    CROSS JOIN LATERAL working_windows(p.id, p.timezone, v_from, v_to) w
    WHERE p.resource_no = p_resource
  ) free
  CROSS JOIN LATERAL (SELECT p_from + n AS day FROM generate_series(0, p_to - p_from) n) d
  LEFT JOIN LATERAL (
    SELECT bit_or(pieces(floor(pieces_into(d.day, lower(s)))::int, ceil(pieces_into(d.day, upper(s)))::int)) AS bits,
           bool_or(NOT on_piece(lower(s)) OR NOT on_piece(upper(s))) AS ragged
    FROM unnest(free.stretches) s
    WHERE lower(s) < (d.day + 1)::timestamp AT TIME ZONE 'UTC' AND upper(s) > d.day::timestamp AT TIME ZONE 'UTC'
  ) b ON true
  ON CONFLICT (resource_no, day) DO UPDATE SET bits = excluded.bits, ragged = excluded.ragged
    WHERE f.bits <> excluded.bits OR f.ragged <> excluded.ragged;
END $$;

-- The summary of the days that p_during touches, afresh, as far ahead as the summary reaches.
CREATE FUNCTION refresh_around(p_resource bigint, p_during tstzrange) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_first date := (lower(p_during) AT TIME ZONE 'UTC')::date;
  v_reached date := (SELECT max(f.day) FROM free_days f WHERE f.resource_no = p_resource); -- NULL: no summary
BEGIN
  IF v_first <= v_reached THEN
    PERFORM refresh_free_days(p_resource, v_first, least(v_reached, (upper(p_during) AT TIME ZONE 'UTC')::date));
  END IF;
END $$;

-- The last day that the summary of a practitioner reaches: the longest horizon of their services, at least 60 days,
-- and a day for zones ahead of UTC.
CREATE FUNCTION summary_end(p_practitioner uuid) RETURNS date LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (now() AT TIME ZONE 'UTC')::date + 1
    + coalesce((SELECT greatest(60, max(s.horizon_days)) FROM services s
                WHERE s.practitioner_id = p_practitioner AND s.is_active), 60);
END $$;

-- The whole summary of a practitioner afresh, after their hours, zone or horizon changed. Locks the resource.
CREATE FUNCTION rebuild_free_days(p_practitioner uuid) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_resource bigint := (SELECT p.resource_no FROM practitioners p WHERE p.id = p_practitioner);
  v_today date := (now() AT TIME ZONE 'UTC')::date;
BEGIN
  PERFORM pg_advisory_xact_lock(v_resource);
  DELETE FROM free_days f WHERE f.resource_no = v_resource AND f.day > summary_end(p_practitioner);
  PERFORM refresh_free_days(v_resource, v_today - 1, summary_end(p_practitioner));
END $$;

-- Extends the summary of a practitioner who has hours to where it must reach. Locks the resource.
CREATE FUNCTION extend_free_days(p_practitioner uuid) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_resource bigint := (SELECT p.resource_no FROM practitioners p WHERE p.id = p_practitioner);
  v_reaches date := summary_end(p_practitioner);
  v_today date := (now() AT TIME ZONE 'UTC')::date;
  v_reached date := (SELECT max(f.day) FROM free_days f WHERE f.resource_no = v_resource);
BEGIN
  IF v_reached >= v_reaches
     OR NOT EXISTS (SELECT FROM weekly_hours w WHERE w.practitioner_id = p_practitioner
                    UNION ALL SELECT FROM date_overrides o WHERE o.practitioner_id = p_practitioner) THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(v_resource);
  PERFORM refresh_free_days(v_resource, greatest(v_today - 1, v_reached), v_reaches);
  DELETE FROM free_days f WHERE f.resource_no = v_resource AND f.day < v_today - 1;
END $$;

-- Once a day: extends the summary of the next p_limit practitioners above resource p_after and drops their past days.
-- Returns the last resource looked at, NULL when there are no more. Locks the resources in ascending order.
CREATE FUNCTION roll_free_days(p_after bigint DEFAULT 0, p_limit int DEFAULT 200) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_next record;
BEGIN
  FOR v_next IN
    SELECT p.id, p.resource_no FROM practitioners p WHERE p.resource_no > p_after ORDER BY p.resource_no LIMIT p_limit
  LOOP
    PERFORM extend_free_days(v_next.id);
  END LOOP;
  RETURN v_next.resource_no;
END $$;
