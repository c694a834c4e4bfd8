-- Starts: one core applies every rule of a service; listing, checking and booking all ask it.

-- Local days within reach of [p_from, p_to) that have their limit of bookings of the service, as UTC ranges. Counts
-- the bookings themselves, which lie above this domain: the table is named here and nowhere else in it, because a
-- count kept beside it would be a second truth.
CREATE FUNCTION full_days(p_service uuid, p_zone text, p_from timestamptz, p_to timestamptz, p_limit int,
                                     p_ignore_booking uuid) RETURNS tstzmultirange LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (
    SELECT coalesce(range_agg(tstzrange(d.starts_at, d.ends_at)), '{}')
    FROM (SELECT starts_at, lead(starts_at) OVER (ORDER BY starts_at) AS ends_at
          FROM day_starts(p_zone, p_from - interval '50 hours', p_to + interval '50 hours')) d
    WHERE d.ends_at IS NOT NULL AND p_limit <= (
      SELECT count(*) FROM bookings b
      WHERE b.service_id = p_service AND b.starts_at >= d.starts_at AND b.starts_at < d.ends_at
        AND (b.status IN ('confirmed', 'completed') OR b.status = 'pending' AND b.hold_expires_at > now())
        AND (p_ignore_booking IS NULL OR b.id <> p_ignore_booking)));
END $$;

-- Where the compact grid counts from in one free stretch [p_lower, p_upper): its beginning, and again every local
-- midnight whose whole previous local day is in the stretch, so that unbroken time gives the same starts whatever
-- window was asked for.
CREATE FUNCTION compact_counts(p_zone text, p_lower timestamptz, p_upper timestamptz)
RETURNS TABLE (counts_from timestamptz, counts_to timestamptz) LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF p_upper - p_lower < interval '20 hours' THEN
    RETURN QUERY SELECT p_lower, p_upper;
    RETURN;
  END IF;
  RETURN QUERY
    SELECT c.counted, lead(c.counted, 1, p_upper) OVER (ORDER BY c.counted)
    FROM (SELECT p_lower AS counted
          UNION ALL
          SELECT m.starts_at
          FROM (SELECT d.starts_at, lag(d.starts_at) OVER (ORDER BY d.starts_at) AS previous
                FROM day_starts(p_zone, p_lower, p_upper) d) m
          WHERE m.previous >= p_lower AND m.starts_at < p_upper) c
    ORDER BY 1;
END $$;

-- The core: every start in [p_from, p_to) that can be booked, for each of some services of type session. All rules of
-- a service are applied here and nowhere else: hours, claims with buffers, grid, notice, horizon, daily limit.
CREATE FUNCTION starts_of(p_services uuid[], p_from timestamptz, p_to timestamptz, p_now timestamptz,
                                     p_ignore_booking uuid)
RETURNS TABLE (service_id uuid, starts_at timestamptz) LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  RETURN QUERY
  SELECT r.id, t.start
  FROM (
    SELECT s.id, p.id AS practitioner_id, p.resource_no, p.timezone AS zone, s.slot_alignment,
           s.duration_minutes * interval '1 minute' AS lasts, s.slot_interval_minutes AS every,
           s.buffer_before_minutes * interval '1 minute' AS before,
           s.buffer_after_minutes * interval '1 minute' AS after, s.daily_limit,
           greatest(p_from, p_now + s.min_notice_minutes * interval '1 minute') AS lo,
           -- never before `lo`: a start within the notice, or beyond the horizon, is an empty stretch
           greatest(p_from, p_now + s.min_notice_minutes * interval '1 minute',
                    CASE WHEN p_to <= p_now + (s.horizon_days - 1) * interval '24 hours' THEN p_to
                         ELSE least(p_to, horizon_end(p.timezone, p_now, s.horizon_days)) END) AS hi
    FROM unnest(p_services) asked(id)
    JOIN services s ON s.id = asked.id
    JOIN practitioners p ON p.id = s.practitioner_id
    WHERE s.is_active AND s.service_type = 'session' AND p.verification_status = 'verified'
    OFFSET 0 -- a fence: what is computed here is computed once
  ) r
  CROSS JOIN LATERAL (
    SELECT -- the compact grid needs the beginning of a stretch: at most two local days and a clock change back
           CASE WHEN r.slot_alignment = 'compact' THEN r.lo - interval '76 hours' ELSE r.lo END AS back,
           -- the unit steps through the grid: the interval itself where it divides its period
           gcd(r.every, CASE WHEN r.every <= 60 THEN 60 ELSE 1440 END) AS unit,
           CASE WHEN r.every <= 60 THEN 60 ELSE 1440 END AS period,
           CASE WHEN r.daily_limit IS NOT NULL
                THEN full_days(r.id, r.zone, r.lo, r.hi, r.daily_limit, p_ignore_booking) END AS full_time
    WHERE r.lo < r.hi -- not so before the notice or behind the horizon
    OFFSET 0
  ) g
  CROSS JOIN LATERAL (
    SELECT range_agg(w.during) - coalesce((
             SELECT range_agg(tstzrange(lower(b.during) - r.after, upper(b.during) + r.before))
             FROM busy_ranges(r.resource_no, g.back - r.before, r.hi + r.lasts + r.after, p_ignore_booking) b),
             '{}') AS stretches
    FROM working_windows(r.practitioner_id, r.zone, g.back, r.hi + r.lasts) w
  ) free
  CROSS JOIN LATERAL unnest(free.stretches) stretch
  CROSS JOIN LATERAL (
    SELECT greatest(lower(stretch), r.lo) AS first_start, upper(stretch) - r.lasts AS last_start
  ) e
  CROSS JOIN LATERAL (
    SELECT n AT TIME ZONE 'UTC' - z.ahead AS start
    FROM zone_stretches(r.zone, e.first_start, e.last_start + interval '1 microsecond') z
    CROSS JOIN LATERAL generate_series(
      date_bin(g.unit * interval '1 minute',
               greatest(e.first_start, z.starts_at) AT TIME ZONE 'UTC' + z.ahead
                 + g.unit * interval '1 minute' - interval '1 microsecond', timestamp '2000-01-01'),
      least(e.last_start, z.ends_at - interval '1 microsecond') AT TIME ZONE 'UTC' + z.ahead,
      g.unit * interval '1 minute') n
    WHERE r.slot_alignment = 'local_hour'
      AND (g.unit = r.every
           OR (extract(hour FROM n)::int * 60 + extract(minute FROM n)::int) % g.period % r.every = 0)
    UNION ALL
    SELECT n
    FROM compact_counts(r.zone, lower(stretch), upper(stretch)) c
    CROSS JOIN LATERAL generate_series(
      date_bin(r.every * interval '1 minute', greatest(e.first_start, c.counts_from)
                 + r.every * interval '1 minute' - interval '1 microsecond', c.counts_from),
      least(e.last_start, c.counts_to - interval '1 microsecond'), r.every * interval '1 minute') n
    WHERE r.slot_alignment = 'compact'
  ) t
  WHERE e.first_start <= e.last_start AND t.start < r.hi
    AND (g.full_time IS NULL OR NOT t.start <@ g.full_time);
END $$;

-- The end of the last local date on which a start is offered: that of p_now and p_days more.
CREATE FUNCTION horizon_end(p_zone text, p_now timestamptz, p_days int) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_last date := wall_time(p_zone, p_now)::date + p_days;
BEGIN
  RETURN (SELECT min(d.starts_at)
          FROM day_starts(p_zone, p_now + (p_days - 2) * interval '24 hours', p_now + (p_days + 4) * interval '24 hours') d
          WHERE d.day > v_last);
END $$;

-- The free starts of one service of type session in [p_from, p_to), ascending.
CREATE FUNCTION list_starts(p_service uuid, p_from timestamptz, p_to timestamptz, p_now timestamptz,
                                       p_ignore_booking uuid DEFAULT NULL)
RETURNS SETOF timestamptz LANGUAGE sql STABLE AS $$
  SELECT s.starts_at FROM starts_of(ARRAY[p_service], p_from, p_to, p_now, p_ignore_booking) s ORDER BY 1
$$;

-- Whether that start would be listed: the core asked about one instant.
CREATE FUNCTION is_free_start(p_service uuid, p_start timestamptz, p_now timestamptz,
                                         p_ignore_booking uuid DEFAULT NULL)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM starts_of(ARRAY[p_service], p_start, p_start + interval '1 microsecond', p_now,
                                       p_ignore_booking));
END $$;
