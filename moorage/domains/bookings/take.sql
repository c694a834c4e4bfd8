-- Taking what a hold needs: a practitioner's time, or places in sessions. Each is all or nothing.

-- Takes a practitioner's time for a booking: under the lock, the time is checked by the function that lists it, and
-- claimed (the claim has the booking's id). Only where that fails are holds in the way looked for, and then it is tried
-- again. False when it is not free.
CREATE OR REPLACE FUNCTION take_time(p_booking uuid, p_client uuid, p_service uuid, p_resource bigint,
                                     p_starts timestamptz, p_ends timestamptz, p_before integer, p_after integer,
                                     p_now timestamptz, p_expires timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  wanted tstzrange := claim_buffered(p_starts, p_ends, p_before, p_after);
  kind text := CASE WHEN p_expires IS NULL THEN 'booking' ELSE 'hold' END;
BEGIN
  PERFORM pg_advisory_xact_lock(p_resource);
  IF is_free_start(p_service, p_starts, p_now)
     AND claim_time(p_booking, p_resource, wanted, kind, p_expires, p_booking, NULL) THEN
    RETURN true;
  ELSIF NOT make_way(p_booking, p_client, p_service, p_resource, p_starts, p_ends, wanted) THEN
    RETURN false;
  END IF;
  -- A statement of its own: what is stable sees what the statement before it did, not what its own did.
  RETURN is_free_start(p_service, p_starts, p_now)
     AND claim_time(p_booking, p_resource, wanted, kind, p_expires, p_booking, NULL);
END $$;

-- Releases the holds in the way of a time that have expired (the constraint does not know that they are free), and this
-- client's own on this service at an overlapping time. False when there was none. The caller holds the lock.
CREATE OR REPLACE FUNCTION make_way(p_booking uuid, p_client uuid, p_service uuid, p_resource bigint,
                                    p_starts timestamptz, p_ends timestamptz, p_wanted tstzrange) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE b bookings; made boolean := false;
BEGIN
  FOR b IN
    SELECT x.* FROM claims c JOIN bookings x ON x.id = c.booking_id
     WHERE int8range(c.resource_no, c.resource_no, '[]') && int8range(p_resource, p_resource, '[]')
       AND c.during && p_wanted AND c.active AND c.kind = 'hold' AND x.status = 'pending' AND x.id <> p_booking
       AND (x.hold_expires_at <= now()
            OR (x.client_id = p_client AND x.service_id = p_service AND x.starts_at < p_ends AND p_starts < x.ends_at))
       FOR UPDATE OF x
  LOOP
    PERFORM replace_hold(b);
    made := true;
  END LOOP;
  RETURN made;
END $$;

-- Lets go of a hold whose time or place somebody else, or its own holder, takes now. What it would have collected is
-- stopped: it cannot be had again as it was.
CREATE OR REPLACE FUNCTION replace_hold(b bookings) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM drop_booking(b, CASE WHEN b.hold_expires_at <= now() THEN 'expired' ELSE 'client' END, NULL,
                       CASE WHEN b.hold_expires_at <= now() THEN NULL ELSE 'Chosen again.' END);
  PERFORM stop_collecting(b.id, 'hold_released');
END $$;

-- Takes places in one session of a workshop (by id, or by its start), or in every session of a course: all or none.
-- Locks the session rows by id; expired holds on them, and this client's own pending holds there, are released first.
-- Not taken when the booking exists already. Refuses not_found for a session of another service. `p_notice`: the
-- earliest start that may still be booked.
CREATE OR REPLACE FUNCTION take_places(p_booking uuid, p_client uuid, p_service uuid, p_type text, p_session uuid,
                                       p_starts timestamptz, p_places integer, p_notice timestamptz, OUT taken boolean,
                                       OUT wanted uuid[], OUT first_start timestamptz, OUT last_end timestamptz)
LANGUAGE plpgsql AS $$
DECLARE b bookings;
BEGIN
  SELECT array_agg(locked.id), min(locked.starts_at), max(locked.ends_at) INTO wanted, first_start, last_end
    FROM (SELECT s.id, s.starts_at, s.ends_at FROM sessions s
           WHERE s.service_id = p_service AND s.status = 'scheduled'
             AND (p_type = 'course' OR s.id = coalesce(p_session, (
                   SELECT t.id FROM sessions t WHERE t.service_id = p_service AND t.status = 'scheduled'
                      AND t.starts_at = p_starts ORDER BY t.id LIMIT 1)))
           ORDER BY s.id FOR UPDATE) AS locked;
  IF wanted IS NULL AND p_session IS NOT NULL
     AND NOT EXISTS (SELECT FROM sessions s WHERE s.id = p_session AND s.service_id = p_service) THEN
    PERFORM refuse('not_found', 'There is no such session.');
  END IF;
  taken := wanted IS NOT NULL AND first_start >= p_notice AND NOT EXISTS (SELECT FROM bookings WHERE id = p_booking);
  IF NOT taken THEN
    RETURN;
  END IF;
  FOR b IN
    SELECT DISTINCT ON (top.id) top.* FROM bookings x JOIN bookings top ON top.id = coalesce(x.parent_id, x.id)
     WHERE x.session_id = ANY (wanted) AND x.status = 'pending' AND top.status = 'pending'
       AND (top.hold_expires_at <= now() OR top.client_id = p_client)
  LOOP
    SELECT * INTO b FROM bookings WHERE id = b.id AND status = 'pending' FOR UPDATE;
    IF FOUND THEN
      PERFORM replace_hold(b);
    END IF;
  END LOOP;
  taken := add_places(wanted, p_places);
END $$;

-- Adds places to every one of these sessions, which the caller has locked: all or none (false: nothing changed).
CREATE OR REPLACE FUNCTION add_places(p_sessions uuid[], p_places integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM sessions WHERE id = ANY (p_sessions)
                AND (status <> 'scheduled' OR places_taken + p_places > capacity)) THEN
    RETURN false;
  END IF;
  UPDATE sessions SET places_taken = places_taken + p_places, updated_at = now()
   WHERE id = ANY (p_sessions) AND places_taken + p_places <= capacity;
  RETURN true;
END $$;

-- A course's children: one booking per session, without a price of their own.
CREATE OR REPLACE FUNCTION enrol_children(p_parent uuid, p_sessions uuid[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO bookings (id, service_id, practitioner_id, client_id, session_id, parent_id, status, starts_at, ends_at,
                        timezone, places, currency, total_minor, due_now_minor, commission_bps, commission_minor,
                        free_until_hours, late_fee_bps, buffer_before_minutes, buffer_after_minutes, confirmed_at)
  SELECT new_id(), b.service_id, b.practitioner_id, b.client_id, s.id, b.id, b.status, s.starts_at, s.ends_at,
         b.timezone, b.places, b.currency, 0, 0, b.commission_bps, 0,
         b.free_until_hours, b.late_fee_bps, b.buffer_before_minutes, b.buffer_after_minutes, b.confirmed_at
    FROM bookings b JOIN sessions s ON s.id = ANY (p_sessions)
   WHERE b.id = p_parent ORDER BY s.starts_at
$$;
