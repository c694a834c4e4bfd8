-- Claims: what occupies a resource, as UTC ranges with buffers included. Whoever writes claims of a resource holds
-- pg_advisory_xact_lock(resource_no), taken in ascending order, and frees what expired first. The lock is for
-- liveness; the exclusion constraint is for safety.

-- What occupies a resource within [p_from, p_to): active claims, and outside calendars. A hold that has expired by the
-- database's clock is free at that instant. Inlined by the planner.
CREATE FUNCTION busy_ranges(p_resource bigint, p_from timestamptz, p_to timestamptz, p_ignore_booking uuid)
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
CREATE FUNCTION free_time(p_practitioner uuid, p_from timestamptz, p_to timestamptz)
RETURNS tstzmultirange LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN working_time(p_practitioner, p_from, p_to)
    - (SELECT coalesce(range_agg(b.during), '{}') FROM practitioners p
       CROSS JOIN LATERAL busy_ranges(p.resource_no, p_from, p_to, NULL) b WHERE p.id = p_practitioner);
END $$;

-- Resources whose summary still counts as taken what an expired hold has given up, within [p_from, p_to).
CREATE FUNCTION resources_with_expired_holds(p_from timestamptz, p_to timestamptz) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT DISTINCT c.resource_no FROM claims c
    WHERE c.active AND c.kind = 'hold' AND c.expires_at <= now() AND c.during && tstzrange(p_from, p_to);
END $$;

-- Occupies p_during (buffers included) of a resource; false when an active claim overlaps. An overlap is answered,
-- never raised: plain inserts that race under the constraint deadlock. The caller holds the resource's lock and has
-- released what expired (free_expired_claims). The summary follows by a mask, or afresh off the 5-minute grid.
CREATE FUNCTION claim_time(p_claim uuid, p_resource bigint, p_during tstzrange, p_kind text,
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
CREATE FUNCTION claim_buffered(p_start timestamptz, p_end timestamptz, p_before_minutes int,
                                          p_after_minutes int) RETURNS tstzrange LANGUAGE sql IMMUTABLE AS $$
  SELECT tstzrange(p_start - p_before_minutes * interval '1 minute', p_end + p_after_minutes * interval '1 minute')
$$;

-- Frees the time of holds on a resource that have expired by the database's clock; what their bookings become is
-- told by release_expired_holds, above. Returns how many. The caller holds the resource's lock.
CREATE FUNCTION free_expired_claims(p_resource bigint) RETURNS int
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
CREATE FUNCTION release_claim(p_booking uuid) RETURNS void
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
CREATE FUNCTION release_session_claim(p_session uuid) RETURNS void
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
CREATE FUNCTION deactivate_claim(p_claim uuid, p_resource bigint) RETURNS void
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
CREATE FUNCTION confirm_claim(p_booking uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE claims c SET kind = 'booking', expires_at = NULL, updated_at = now()
  WHERE c.booking_id = p_booking AND c.active;
  RETURN FOUND;
END $$;

-- A booking's hold lasts until p_expires. False when it is no active hold (any more).
CREATE FUNCTION extend_claim(p_booking uuid, p_expires timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE claims c SET expires_at = p_expires, updated_at = now()
  WHERE c.booking_id = p_booking AND c.active AND c.kind = 'hold' AND c.expires_at > now();
  RETURN FOUND;
END $$;

-- Moves a booking's claim; false, and nothing changed, when another active claim overlaps or it has none. The old time
-- is free when the transaction commits. Locks the resource.
CREATE FUNCTION move_claim(p_booking uuid, p_during tstzrange) RETURNS boolean
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
CREATE FUNCTION reclaim(p_booking uuid) RETURNS boolean
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
