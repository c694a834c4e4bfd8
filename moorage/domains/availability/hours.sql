-- Intent: local hours and the zone's offsets give working time as UTC ranges. Wall time here is a `timestamp`; UTC is
-- the wall less the stretch's offset. Zone data is the pinned tzdata package's (zones.py), never PostgreSQL's own.

-- Stretches of constant offset of a zone that touch [p_from, p_to). Inlined by the planner.
CREATE FUNCTION zone_stretches(p_zone text, p_from timestamptz, p_to timestamptz)
RETURNS TABLE (starts_at timestamptz, ends_at timestamptz, ahead interval) LANGUAGE sql STABLE AS $$
  SELECT z.starts_at, z.ends_at, z.offset_minutes * interval '1 minute' FROM zone_offsets z
  WHERE z.zone = p_zone AND z.starts_at < p_to AND z.ends_at > p_from
$$;

-- What a clock in the zone shows at an instant; NULL outside the zone data.
CREATE FUNCTION wall_time(p_zone text, p_at timestamptz) RETURNS timestamp LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT p_at AT TIME ZONE 'UTC' + z.offset_minutes * interval '1 minute' FROM zone_offsets z
          WHERE z.zone = p_zone AND z.starts_at <= p_at AND z.ends_at > p_at);
END $$;

-- The first instant of each local date that begins within [p_from, p_to]; a date that a zone skipped has none.
CREATE FUNCTION day_starts(p_zone text, p_from timestamptz, p_to timestamptz)
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

-- A practitioner's windows of local dates p_first..p_last in wall time: an override replaces its date's rules, and
-- what spills over midnight ends there when the next date has an override. Inlined by the planner.
CREATE FUNCTION local_windows(p_practitioner uuid, p_first date, p_last date)
RETURNS TABLE (opens timestamp, closes timestamp) LANGUAGE sql STABLE AS $$
  SELECT w.day + w.start_minute * interval '1 minute',
         w.day + CASE WHEN w.start_minute + w.minutes > 1440
                       AND EXISTS (SELECT FROM date_overrides o
                                   WHERE o.practitioner_id = p_practitioner AND o.date = w.day + 1)
                      THEN 1440 ELSE w.start_minute + w.minutes END * interval '1 minute'
  FROM (
    SELECT date '2000-01-03' + d.n AS day, d.start_minute, d.minutes
    FROM (
      SELECT h.start_minute, h.minutes, generate_series( -- 2000-01-03 was a Monday: its number and weekday are 0
        greatest(p_first, h.valid_from) - date '2000-01-03'
          + (7 + h.weekday - (greatest(p_first, h.valid_from) - date '2000-01-03') % 7) % 7,
        least(p_last, h.valid_to) - date '2000-01-03', 7) AS n
      FROM weekly_hours h WHERE h.practitioner_id = p_practitioner
    ) d
    WHERE NOT EXISTS (SELECT FROM date_overrides o
                      WHERE o.practitioner_id = p_practitioner AND o.date = date '2000-01-03' + d.n)
    UNION ALL
    SELECT o.date, u.start_minute, u.minutes
    FROM date_overrides o CROSS JOIN LATERAL unnest(o.start_minutes, o.lengths_minutes) u(start_minute, minutes)
    WHERE o.practitioner_id = p_practitioner AND o.date BETWEEN p_first AND p_last
  ) w
$$;

-- The same windows as UTC ranges within [p_from, p_to): each window's exact preimage, so that wall times missing in a
-- spring gap vanish and those doubled in autumn appear twice. They may touch or overlap. Inlined by the planner.
CREATE FUNCTION working_windows(p_practitioner uuid, p_zone text, p_from timestamptz, p_to timestamptz)
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
CREATE FUNCTION working_time(p_practitioner uuid, p_from timestamptz, p_to timestamptz)
RETURNS tstzmultirange LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT coalesce(range_agg(w.during), '{}') FROM practitioners p
          CROSS JOIN LATERAL working_windows(p.id, p.timezone, p_from, p_to) w WHERE p.id = p_practitioner);
END $$;
