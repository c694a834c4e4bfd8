-- Availability: intent (local hours) less claims (UTC ranges) gives free time; the same core lists starts, checks one,
-- and is what the search summary repeats. Wall time here is a `timestamp`; UTC = wall - the stretch's offset.
-- Locks: whoever writes claims of a resource holds pg_advisory_xact_lock(resource_no), taken in ascending order.
-- The lock is for liveness; the exclusion constraint on claims is for safety.

-- ------------------------------------------------------------------ zones

-- Stretches of constant offset of a zone that touch [p_from, p_to). Inlined by the planner.
CREATE OR REPLACE FUNCTION zone_stretches(p_zone text, p_from timestamptz, p_to timestamptz)
RETURNS TABLE (starts_at timestamptz, ends_at timestamptz, ahead interval) LANGUAGE sql STABLE AS $$
  SELECT z.starts_at, z.ends_at, z.offset_minutes * interval '1 minute' FROM zone_offsets z
  WHERE z.zone = p_zone AND z.starts_at < p_to AND z.ends_at > p_from
$$;

-- What a clock in the zone shows at an instant; NULL outside the zone data.
CREATE OR REPLACE FUNCTION wall_time(p_zone text, p_at timestamptz) RETURNS timestamp LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT p_at AT TIME ZONE 'UTC' + z.offset_minutes * interval '1 minute' FROM zone_offsets z
          WHERE z.zone = p_zone AND z.starts_at <= p_at AND z.ends_at > p_at);
END $$;

-- The first instant of each local date that begins within [p_from, p_to]; a date that a zone skipped has none.
CREATE OR REPLACE FUNCTION day_starts(p_zone text, p_from timestamptz, p_to timestamptz)
RETURNS TABLE (day date, starts_at timestamptz) LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
    SELECT d.day, min(greatest(z.starts_at, d.day::timestamp AT TIME ZONE 'UTC' - z.ahead)) AS begins
    FROM zone_stretches(p_zone, p_from - interval '2 days', p_to + interval '2 days') z
    CROSS JOIN LATERAL (
      SELECT date '2000-01-01' + n AS day FROM generate_series(
        (greatest(z.starts_at, p_from - interval '2 days') AT TIME ZONE 'UTC' + z.ahead)::date - date '2000-01-01',
        (least(z.ends_at, p_to + interval '2 days') AT TIME ZONE 'UTC' + z.ahead)::date - date '2000-01-01') n) d
    WHERE greatest(z.starts_at, d.day::timestamp AT TIME ZONE 'UTC' - z.ahead)
        < least(z.ends_at, (d.day + 1)::timestamp AT TIME ZONE 'UTC' - z.ahead)
    GROUP BY d.day
    HAVING min(greatest(z.starts_at, d.day::timestamp AT TIME ZONE 'UTC' - z.ahead)) BETWEEN p_from AND p_to
    ORDER BY begins;
END $$;

-- ------------------------------------------------------------------ working time

-- A practitioner's windows of local dates p_first..p_last in wall time: an override replaces its date's rules, and
-- what spills over midnight ends there when the next date has an override. Inlined by the planner.
CREATE OR REPLACE FUNCTION local_windows(p_practitioner uuid, p_first date, p_last date)
RETURNS TABLE (opens timestamp, closes timestamp) LANGUAGE sql STABLE AS $$
  SELECT w.day + w.start_minute * interval '1 minute',
         w.day + CASE WHEN w.start_minute + w.minutes > 1440
                       AND EXISTS (SELECT FROM date_overrides o
                                   WHERE o.practitioner_id = p_practitioner AND o.date = w.day + 1)
                      THEN 1440 ELSE w.start_minute + w.minutes END * interval '1 minute'
  FROM (
    SELECT date '2000-01-03' + n AS day, h.start_minute, h.minutes
    FROM weekly_hours h
    CROSS JOIN LATERAL generate_series( -- 2000-01-03 was a Monday: day numbers of one weekday are 7 apart
      greatest(p_first, h.valid_from) - date '2000-01-03'
        + (7 + h.weekday - (greatest(p_first, h.valid_from) - date '2000-01-03') % 7) % 7,
      least(p_last, h.valid_to) - date '2000-01-03', 7) n
    WHERE h.practitioner_id = p_practitioner
      AND NOT EXISTS (SELECT FROM date_overrides o
                      WHERE o.practitioner_id = p_practitioner AND o.date = date '2000-01-03' + n)
    UNION ALL
    SELECT o.date, u.start_minute, u.minutes
    FROM date_overrides o CROSS JOIN LATERAL unnest(o.start_minutes, o.lengths_minutes) u(start_minute, minutes)
    WHERE o.practitioner_id = p_practitioner AND o.date BETWEEN p_first AND p_last
  ) w
$$;

-- The same windows as UTC ranges within [p_from, p_to): each window's exact preimage, so that wall times missing in a
-- spring gap vanish and those doubled in autumn appear twice. They may touch or overlap. Inlined by the planner.
CREATE OR REPLACE FUNCTION working_windows(p_practitioner uuid, p_zone text, p_from timestamptz, p_to timestamptz)
RETURNS TABLE (during tstzrange) LANGUAGE sql STABLE AS $$
  SELECT tstzrange(r.opens, r.closes)
  FROM zone_stretches(p_zone, p_from, p_to) z
  CROSS JOIN LATERAL (SELECT greatest(z.starts_at, p_from) AS lo, least(z.ends_at, p_to) AS hi) s
  CROSS JOIN LATERAL local_windows(p_practitioner, (s.lo AT TIME ZONE 'UTC' + z.ahead)::date - 1,
                                   (s.hi AT TIME ZONE 'UTC' + z.ahead)::date) w
  CROSS JOIN LATERAL (SELECT greatest(s.lo, w.opens AT TIME ZONE 'UTC' - z.ahead) AS opens,
                             least(s.hi, w.closes AT TIME ZONE 'UTC' - z.ahead) AS closes) r
  WHERE r.opens < r.closes
$$;

-- Working time alone, claims not looked at, within [p_from, p_to).
CREATE OR REPLACE FUNCTION working_time(p_practitioner uuid, p_from timestamptz, p_to timestamptz)
RETURNS tstzmultirange LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT coalesce(range_agg(w.during), '{}') FROM practitioners p
          CROSS JOIN LATERAL working_windows(p.id, p.timezone, p_from, p_to) w WHERE p.id = p_practitioner);
END $$;

-- ------------------------------------------------------------------ busy and free time

-- What occupies a resource within [p_from, p_to): active claims, and outside calendars. A hold that has expired by the
-- database's clock is free at that instant. Inlined by the planner.
CREATE OR REPLACE FUNCTION busy_ranges(p_resource bigint, p_from timestamptz, p_to timestamptz, p_ignore_booking uuid)
RETURNS TABLE (during tstzrange) LANGUAGE sql STABLE AS $$
  SELECT c.during FROM claims c
  WHERE c.active AND int8range(c.resource_no, c.resource_no, '[]') && int8range(p_resource, p_resource, '[]')
    AND c.during && tstzrange(p_from, p_to) AND (c.kind <> 'hold' OR c.expires_at > now())
    AND (p_ignore_booking IS NULL OR c.booking_id IS DISTINCT FROM p_ignore_booking)
  UNION ALL
  SELECT o.during FROM outside_busy o
  WHERE int8range(o.resource_no, o.resource_no, '[]') && int8range(p_resource, p_resource, '[]')
    AND o.during && tstzrange(p_from, p_to)
$$;

-- Working time less what occupies it, within [p_from, p_to); no service's buffers.
CREATE OR REPLACE FUNCTION free_time(p_practitioner uuid, p_from timestamptz, p_to timestamptz)
RETURNS tstzmultirange LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN working_time(p_practitioner, p_from, p_to)
    - (SELECT coalesce(range_agg(b.during), '{}') FROM practitioners p
       CROSS JOIN LATERAL busy_ranges(p.resource_no, p_from, p_to, NULL) b WHERE p.id = p_practitioner);
END $$;

-- ------------------------------------------------------------------ starts

-- Local days within reach of [p_from, p_to) that have their limit of bookings of the service, as UTC ranges. Counts
-- the bookings themselves, which lie above this domain: the table is named here and nowhere else in it, because a
-- count kept beside it would be a second truth.
CREATE OR REPLACE FUNCTION full_days(p_service uuid, p_zone text, p_from timestamptz, p_to timestamptz, p_limit int,
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
CREATE OR REPLACE FUNCTION compact_counts(p_zone text, p_lower timestamptz, p_upper timestamptz)
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
CREATE OR REPLACE FUNCTION starts_of(p_services uuid[], p_from timestamptz, p_to timestamptz, p_now timestamptz,
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
           CASE WHEN p_to <= p_now + (s.horizon_days - 1) * interval '24 hours' THEN p_to
                ELSE least(p_to, horizon_end(p.timezone, p_now, s.horizon_days)) END AS hi
    FROM unnest(p_services) asked(id)
    JOIN services s ON s.id = asked.id
    JOIN practitioners p ON p.id = s.practitioner_id
    WHERE s.is_active AND s.service_type = 'session' AND p.verification_status = 'verified'
  ) r
  CROSS JOIN LATERAL (
    SELECT -- the compact grid needs the beginning of a stretch: at most two local days and a clock change back
           CASE WHEN r.slot_alignment = 'compact' THEN r.lo - interval '76 hours' ELSE r.lo END AS back,
           -- the unit steps through the grid: the interval itself where it divides its period
           gcd(r.every, CASE WHEN r.every <= 60 THEN 60 ELSE 1440 END) AS unit,
           CASE WHEN r.every <= 60 THEN 60 ELSE 1440 END AS period,
           CASE WHEN r.daily_limit IS NOT NULL
                THEN full_days(r.id, r.zone, r.lo, r.hi, r.daily_limit, p_ignore_booking) END AS full_time
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
CREATE OR REPLACE FUNCTION horizon_end(p_zone text, p_now timestamptz, p_days int) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_last date := wall_time(p_zone, p_now)::date + p_days;
BEGIN
  RETURN (SELECT min(d.starts_at)
          FROM day_starts(p_zone, p_now + (p_days - 2) * interval '24 hours', p_now + (p_days + 4) * interval '24 hours') d
          WHERE d.day > v_last);
END $$;

-- The free starts of one service of type session in [p_from, p_to), ascending.
CREATE OR REPLACE FUNCTION list_starts(p_service uuid, p_from timestamptz, p_to timestamptz, p_now timestamptz,
                                       p_ignore_booking uuid DEFAULT NULL)
RETURNS SETOF timestamptz LANGUAGE sql STABLE AS $$
  SELECT s.starts_at FROM starts_of(ARRAY[p_service], p_from, p_to, p_now, p_ignore_booking) s ORDER BY 1
$$;

-- Whether that start would be listed: the core asked about one instant.
CREATE OR REPLACE FUNCTION is_free_start(p_service uuid, p_start timestamptz, p_now timestamptz,
                                         p_ignore_booking uuid DEFAULT NULL)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM starts_of(ARRAY[p_service], p_start, p_start + interval '1 microsecond', p_now,
                                       p_ignore_booking));
END $$;

-- ------------------------------------------------------------------ the search summary

-- Pieces p_first (0-based) up to but without p_end of a day, as ones; numbers outside the day are cut. Inlined.
CREATE OR REPLACE FUNCTION pieces(p_first int, p_end int) RETURNS bit(288) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (~B'0'::bit(288) >> least(288, greatest(0, p_first))) & (~B'0'::bit(288) << least(288, greatest(0, 288 - p_end)))
$$;

-- How many 5-minute pieces lie between the beginning of a UTC date and an instant, as a fraction.
CREATE OR REPLACE FUNCTION pieces_into(p_day date, p_at timestamptz) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT extract(epoch FROM p_at - (p_day::timestamp AT TIME ZONE 'UTC'))::double precision / 300
$$;

-- Whether an instant lies on a 5-minute boundary.
CREATE OR REPLACE FUNCTION on_piece(p_at timestamptz) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT date_bin(interval '5 minutes', p_at, timestamptz '2000-01-01 00:00Z') = p_at
$$;

-- Writes the summary of UTC days p_from..p_to of a resource afresh: a piece is 1 when any of it is free.
-- The caller holds the resource's lock.
CREATE OR REPLACE FUNCTION refresh_free_days(p_resource bigint, p_from date, p_to date) RETURNS void
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
CREATE OR REPLACE FUNCTION refresh_around(p_resource bigint, p_during tstzrange) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_last date := (SELECT max(f.day) FROM free_days f WHERE f.resource_no = p_resource);
BEGIN
  IF v_last IS NOT NULL THEN
    PERFORM refresh_free_days(p_resource, (lower(p_during) AT TIME ZONE 'UTC')::date,
                              least(v_last, (upper(p_during) AT TIME ZONE 'UTC')::date));
  END IF;
END $$;

-- The last day that the summary of a practitioner reaches: the longest horizon of their services, at least 60 days,
-- and a day for zones ahead of UTC.
CREATE OR REPLACE FUNCTION summary_end(p_practitioner uuid) RETURNS date LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (now() AT TIME ZONE 'UTC')::date + 1
    + coalesce((SELECT greatest(60, max(s.horizon_days)) FROM services s
                WHERE s.practitioner_id = p_practitioner AND s.is_active), 60);
END $$;

-- The whole summary of a practitioner afresh, after their hours, zone or horizon changed. Locks the resource.
CREATE OR REPLACE FUNCTION rebuild_free_days(p_practitioner uuid) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_resource bigint := (SELECT p.resource_no FROM practitioners p WHERE p.id = p_practitioner);
  v_today date := (now() AT TIME ZONE 'UTC')::date;
BEGIN
  PERFORM pg_advisory_xact_lock(v_resource);
  DELETE FROM free_days f WHERE f.resource_no = v_resource AND f.day > summary_end(p_practitioner);
  PERFORM refresh_free_days(v_resource, v_today - 1, summary_end(p_practitioner));
END $$;

-- Once a day: extends the summary of up to p_limit resources above p_after that have hours, drops past days, and
-- returns the last resource looked at, NULL when there are no more. Locks the resources in ascending order.
CREATE OR REPLACE FUNCTION roll_free_days(p_after bigint DEFAULT 0, p_limit int DEFAULT 200) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_today date := (now() AT TIME ZONE 'UTC')::date;
  v_last bigint;
  v_row record;
BEGIN
  FOR v_row IN
    SELECT p.id, p.resource_no, summary_end(p.id) AS reaches,
           (SELECT max(f.day) FROM free_days f WHERE f.resource_no = p.resource_no) AS reached
    FROM practitioners p WHERE p.resource_no > p_after ORDER BY p.resource_no LIMIT p_limit
  LOOP
    v_last := v_row.resource_no;
    CONTINUE WHEN v_row.reached >= v_row.reaches
      OR NOT EXISTS (SELECT FROM weekly_hours w WHERE w.practitioner_id = v_row.id
                     UNION ALL SELECT FROM date_overrides o WHERE o.practitioner_id = v_row.id);
    PERFORM pg_advisory_xact_lock(v_row.resource_no);
    PERFORM refresh_free_days(v_row.resource_no, coalesce(v_row.reached + 1, v_today - 1), v_row.reaches);
    DELETE FROM free_days f WHERE f.resource_no = v_row.resource_no AND f.day < v_today - 1;
  END LOOP;
  RETURN v_last;
END $$;

-- ------------------------------------------------------------------ claims

-- Occupies p_during (buffers included) of a resource; false when an active claim overlaps. An overlap is answered,
-- never raised: plain inserts that race under the constraint deadlock. The caller holds the resource's lock and has
-- released what expired (free_expired_claims). The summary follows by a mask, or afresh off the 5-minute grid.
CREATE OR REPLACE FUNCTION claim_time(p_claim uuid, p_resource bigint, p_during tstzrange, p_kind text,
                                      p_expires timestamptz, p_booking uuid, p_session uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO claims (id, resource_no, during, kind, expires_at, booking_id, session_id)
  VALUES (p_claim, p_resource, p_during, p_kind, p_expires, p_booking, p_session)
  ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF on_piece(lower(p_during)) AND on_piece(upper(p_during)) THEN
    UPDATE free_days f
    SET bits = f.bits & ~pieces(pieces_into(f.day, lower(p_during))::int, pieces_into(f.day, upper(p_during))::int)
    WHERE f.resource_no = p_resource AND f.day >= (lower(p_during) AT TIME ZONE 'UTC')::date
      AND f.day <= (upper(p_during) AT TIME ZONE 'UTC')::date;
  ELSE
    PERFORM refresh_around(p_resource, p_during);
  END IF;
  RETURN true;
END $$;

-- The stretch to claim for an appointment: its time with the buffers.
CREATE OR REPLACE FUNCTION claim_buffered(p_start timestamptz, p_end timestamptz, p_before_minutes int,
                                          p_after_minutes int) RETURNS tstzrange LANGUAGE sql IMMUTABLE AS $$
  SELECT tstzrange(p_start - p_before_minutes * interval '1 minute', p_end + p_after_minutes * interval '1 minute')
$$;

-- Frees the time of holds on a resource that have expired by the database's clock; what their bookings become is
-- told by release_expired_holds, above. Returns how many. The caller holds the resource's lock.
CREATE OR REPLACE FUNCTION free_expired_claims(p_resource bigint) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_during tstzrange;
  v_freed int := 0;
BEGIN
  FOR v_during IN
    UPDATE claims c SET active = false, updated_at = now()
    WHERE c.active AND c.kind = 'hold' AND c.expires_at <= now()
      AND int8range(c.resource_no, c.resource_no, '[]') && int8range(p_resource, p_resource, '[]')
    RETURNING c.during
  LOOP
    PERFORM refresh_around(p_resource, v_during);
    v_freed := v_freed + 1;
  END LOOP;
  RETURN v_freed;
END $$;

-- Frees the time of a booking; nothing happens when it holds none. Locks the resource.
CREATE OR REPLACE FUNCTION release_claim(p_booking uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_claim claims;
BEGIN
  SELECT * INTO v_claim FROM claims c WHERE c.booking_id = p_booking AND c.active;
  IF FOUND THEN
    PERFORM deactivate_claim(v_claim.id, v_claim.resource_no);
  END IF;
END $$;

-- Frees the practitioner's time of a session. Locks the resource.
CREATE OR REPLACE FUNCTION release_session_claim(p_session uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_claim claims;
BEGIN
  SELECT * INTO v_claim FROM claims c WHERE c.session_id = p_session AND c.active;
  IF FOUND THEN
    PERFORM deactivate_claim(v_claim.id, v_claim.resource_no);
  END IF;
END $$;

-- Frees one claim and recomputes the days it touched. Locks the resource.
CREATE OR REPLACE FUNCTION deactivate_claim(p_claim uuid, p_resource bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_during tstzrange;
BEGIN
  PERFORM pg_advisory_xact_lock(p_resource);
  UPDATE claims c SET active = false, updated_at = now() WHERE c.id = p_claim AND c.active
  RETURNING c.during INTO v_during;
  IF FOUND THEN
    PERFORM refresh_around(p_resource, v_during);
  END IF;
END $$;

-- A booking's hold becomes its booking: the same row changes state. False when it holds no active claim (any more).
-- Does not lock the resource: the time occupied stays the same.
CREATE OR REPLACE FUNCTION confirm_claim(p_booking uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE claims c SET kind = 'booking', expires_at = NULL, updated_at = now()
  WHERE c.booking_id = p_booking AND c.active;
  RETURN FOUND;
END $$;

-- A booking's hold lasts until p_expires. False when it is no active hold (any more).
CREATE OR REPLACE FUNCTION extend_claim(p_booking uuid, p_expires timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE claims c SET expires_at = p_expires, updated_at = now()
  WHERE c.booking_id = p_booking AND c.active AND c.kind = 'hold' AND c.expires_at > now();
  RETURN FOUND;
END $$;

-- Moves a booking's claim; false, and nothing changed, when another active claim overlaps or it has none. The old time
-- is free when the transaction commits. Locks the resource.
CREATE OR REPLACE FUNCTION move_claim(p_booking uuid, p_during tstzrange) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_old claims;
BEGIN
  SELECT * INTO v_old FROM claims c WHERE c.booking_id = p_booking AND c.active;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM pg_advisory_xact_lock(v_old.resource_no);
  PERFORM free_expired_claims(v_old.resource_no);
  BEGIN
    UPDATE claims c SET during = p_during, updated_at = now() WHERE c.id = v_old.id AND c.active;
    IF NOT FOUND THEN
      RETURN false;
    END IF;
  EXCEPTION WHEN exclusion_violation THEN
    RETURN false;
  END;
  PERFORM refresh_around(v_old.resource_no, v_old.during);
  PERFORM refresh_around(v_old.resource_no, p_during);
  RETURN true;
END $$;

-- A booking whose hold lapsed takes its time again, as a booking; false when it is taken. Locks the resource.
CREATE OR REPLACE FUNCTION reclaim(p_booking uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_claim claims;
BEGIN
  SELECT * INTO v_claim FROM claims c WHERE c.booking_id = p_booking;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM pg_advisory_xact_lock(v_claim.resource_no);
  IF confirm_claim(p_booking) THEN -- nobody had released it
    RETURN true;
  END IF;
  PERFORM free_expired_claims(v_claim.resource_no);
  BEGIN
    UPDATE claims c SET active = true, kind = 'booking', expires_at = NULL, updated_at = now() WHERE c.id = v_claim.id;
  EXCEPTION WHEN exclusion_violation THEN
    RETURN false;
  END;
  PERFORM refresh_around(v_claim.resource_no, v_claim.during);
  RETURN true;
END $$;

-- ------------------------------------------------------------------ who may do what

-- Hours, sessions and the summary are public; claims and outside calendars are read through functions alone.
GRANT SELECT ON zone_offsets, zone_release, weekly_hours, date_overrides, sessions, free_days
  TO moorage_web, moorage_worker, moorage_engine;
GRANT INSERT, UPDATE, DELETE ON weekly_hours, date_overrides, sessions, free_days TO moorage_worker, moorage_engine;
GRANT SELECT, INSERT, UPDATE, DELETE ON claims, outside_busy TO moorage_worker, moorage_engine;

ALTER TABLE claims ENABLE ROW LEVEL SECURITY;
ALTER TABLE claims FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS claims_product ON claims;
CREATE POLICY claims_product ON claims TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);
ALTER TABLE outside_busy ENABLE ROW LEVEL SECURITY;
ALTER TABLE outside_busy FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS outside_busy_product ON outside_busy;
CREATE POLICY outside_busy_product ON outside_busy TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

-- Reads that anybody may make run as the engine, which sees the claims.
ALTER FUNCTION free_time(uuid, timestamptz, timestamptz) OWNER TO moorage_engine;
ALTER FUNCTION starts_of(uuid[], timestamptz, timestamptz, timestamptz, uuid) OWNER TO moorage_engine;
ALTER FUNCTION summary_end(uuid) OWNER TO moorage_engine;

-- Writers are for the product; whoever asks from outside goes through a journey or one of the verbs above.
DO $$
DECLARE
  v_writer text;
BEGIN
  FOREACH v_writer IN ARRAY ARRAY[
    'refresh_free_days(bigint, date, date)', 'refresh_around(bigint, tstzrange)', 'rebuild_free_days(uuid)',
    'roll_free_days(bigint, int)', 'claim_time(uuid, bigint, tstzrange, text, timestamptz, uuid, uuid)',
    'free_expired_claims(bigint)', 'release_claim(uuid)', 'release_session_claim(uuid)',
    'deactivate_claim(uuid, bigint)', 'confirm_claim(uuid)', 'extend_claim(uuid, timestamptz)',
    'move_claim(uuid, tstzrange)', 'reclaim(uuid)']
  LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO moorage_engine', v_writer);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_writer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO moorage_engine, moorage_worker', v_writer);
  END LOOP;
END $$;
