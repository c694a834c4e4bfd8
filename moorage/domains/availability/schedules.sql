-- Schedules: a practitioner's intent, replaced whole, and the times that they block by hand.

-- Refuses whoever is neither this practitioner nor an admin, by the claims of the transaction.
CREATE FUNCTION require_practitioner(p_practitioner uuid) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF asking_practitioner() IS DISTINCT FROM p_practitioner AND asking_admin() IS NOT TRUE THEN
    PERFORM refuse('forbidden');
  END IF;
END $$;

-- Replaces zone, weekly hours and overrides whole, and rewrites the search summary. Weekly hours: five arrays of one
-- length. Overrides: every overridden date in p_dates (closed where it has no window), and the windows in three arrays
-- of one length. Bookings stay as they are. Refused with not_found, forbidden or invalid_timezone. Locks the resource.
CREATE FUNCTION replace_schedule(
  p_practitioner uuid, p_zone text,
  p_weekdays int[], p_starts int[], p_minutes int[], p_valid_from date[], p_valid_to date[],
  p_dates date[], p_window_dates date[], p_window_starts int[], p_window_minutes int[]
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_resource bigint := (SELECT p.resource_no FROM practitioners p WHERE p.id = p_practitioner);
BEGIN
  IF v_resource IS NULL THEN
    PERFORM refuse('not_found');
  END IF;
  PERFORM require_practitioner(p_practitioner);
  IF NOT EXISTS (SELECT FROM zone_offsets z WHERE z.zone = p_zone) THEN
    PERFORM refuse('invalid_timezone');
  END IF;
  PERFORM pg_advisory_xact_lock(v_resource);
  DELETE FROM weekly_hours w WHERE w.practitioner_id = p_practitioner;
  DELETE FROM date_overrides o WHERE o.practitioner_id = p_practitioner;
  INSERT INTO weekly_hours (id, practitioner_id, weekday, start_minute, minutes, valid_from, valid_to)
  SELECT new_id(), p_practitioner, w.*
  FROM unnest(p_weekdays, p_starts, p_minutes, p_valid_from, p_valid_to) w;
  INSERT INTO date_overrides (practitioner_id, date, start_minutes, lengths_minutes)
  SELECT p_practitioner, d.day, coalesce(array_agg(w.starts ORDER BY w.starts) FILTER (WHERE w.day IS NOT NULL), '{}'),
         coalesce(array_agg(w.lasts ORDER BY w.starts) FILTER (WHERE w.day IS NOT NULL), '{}')
  FROM (SELECT DISTINCT u.day FROM unnest(p_dates) u(day)) d
  LEFT JOIN unnest(p_window_dates, p_window_starts, p_window_minutes) w(day, starts, lasts) ON w.day = d.day
  GROUP BY d.day;
  UPDATE practitioners p SET timezone = p_zone, updated_at = now() WHERE p.id = p_practitioner AND p.timezone <> p_zone;
  IF NOT FOUND THEN -- otherwise the trigger below has done it
    PERFORM rebuild_free_days(p_practitioner);
  END IF;
END $$;

-- The practitioner keeps a stretch for themselves; false when a claim overlaps. Refused with forbidden. Locks the
-- resource.
CREATE FUNCTION block_time(p_block uuid, p_practitioner uuid, p_during tstzrange) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_resource bigint := (SELECT p.resource_no FROM practitioners p WHERE p.id = p_practitioner);
BEGIN
  PERFORM require_practitioner(p_practitioner);
  PERFORM pg_advisory_xact_lock(v_resource);
  PERFORM free_expired_claims(v_resource);
  RETURN claim_time(p_block, v_resource, p_during, 'block', NULL, NULL, NULL);
END $$;

-- Gives a blocked stretch back. Refused with not_found or forbidden. Locks the resource.
CREATE FUNCTION unblock_time(p_block uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_block record;
BEGIN
  SELECT p.id AS practitioner_id, p.resource_no INTO v_block
  FROM claims c JOIN practitioners p ON p.resource_no = c.resource_no
  WHERE c.id = p_block AND c.kind = 'block' AND c.active;
  IF NOT FOUND THEN
    PERFORM refuse('not_found');
  END IF;
  PERFORM require_practitioner(v_block.practitioner_id);
  PERFORM deactivate_claim(p_block, v_block.resource_no);
END $$;

-- The stretches that a practitioner blocks from p_from on. Refused with forbidden.
CREATE FUNCTION blocks_of(p_practitioner uuid, p_from timestamptz)
RETURNS TABLE (id uuid, starts_at timestamptz, ends_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM require_practitioner(p_practitioner);
  RETURN QUERY
    SELECT c.id, lower(c.during), upper(c.during) FROM practitioners p JOIN claims c
      ON int8range(c.resource_no, c.resource_no, '[]') && int8range(p.resource_no, p.resource_no, '[]')
      AND c.during && tstzrange(p_from, NULL)
    WHERE p.id = p_practitioner AND c.active AND c.kind = 'block' ORDER BY 2;
END $$;

-- Replaces what one outside calendar says of a resource's time, and the summary with it. Locks the resource.
CREATE FUNCTION replace_outside_busy(p_resource bigint, p_source text, p_during tstzrange[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(p_resource);
  DELETE FROM outside_busy o WHERE o.resource_no = p_resource AND o.source = p_source;
  INSERT INTO outside_busy (id, resource_no, source, during)
  SELECT new_id(), p_resource, p_source, d FROM unnest(p_during) d;
  PERFORM rebuild_free_days(p.id) FROM practitioners p WHERE p.resource_no = p_resource;
END $$;

-- The summary follows a practitioner who moves to another zone, by whatever way.
CREATE FUNCTION summary_follows_zone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM rebuild_free_days(NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER summary_follows_zone AFTER UPDATE OF timezone ON practitioners FOR EACH ROW
  WHEN (OLD.timezone IS DISTINCT FROM NEW.timezone) EXECUTE FUNCTION summary_follows_zone();

-- The summary reaches as far as the longest horizon of a practitioner's services; sixty days it has anyway.
CREATE FUNCTION summary_follows_horizon() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM extend_free_days(NEW.practitioner_id);
  RETURN NULL;
END $$;
CREATE TRIGGER summary_follows_horizon AFTER INSERT OR UPDATE OF horizon_days, is_active ON services
  FOR EACH ROW WHEN (NEW.is_active AND NEW.horizon_days > 60) EXECUTE FUNCTION summary_follows_horizon();
