-- Moving a booking to another time of its service, whole or not at all.

-- Moves a session's booking to `p_starts`, or a workshop's to another session (by id or start). Its own time does not
-- stand in the way; price and policy stay as agreed. When refused, all stands as it was; the old time is free at commit.
-- Refuses not_found, invalid_state, hold_expired, invalid_start, slot_unavailable.
-- Locks: the practitioner's time, or both sessions by id in one statement, then the booking: swaps never deadlock.
CREATE OR REPLACE FUNCTION reschedule_booking(p_booking uuid, p_by uuid, p_starts timestamptz, p_session uuid,
                                              p_now timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE b bookings; target uuid; moved boolean;
BEGIN
  SELECT s.id INTO target FROM bookings x JOIN sessions s ON s.service_id = x.service_id AND s.status = 'scheduled'
   WHERE x.id = p_booking AND x.session_id IS NOT NULL
     AND (s.id = p_session OR (p_session IS NULL AND s.starts_at = p_starts))
   ORDER BY s.id LIMIT 1;
  PERFORM FROM sessions WHERE id IN (target, (SELECT x.session_id FROM bookings x WHERE x.id = p_booking))
    ORDER BY id FOR UPDATE;
  b := lock_booking(p_booking);
  PERFORM check_side(b, p_booking, p_by, ARRAY['client', 'practitioner', 'admin']);
  IF b.cancel_kind = 'expired' OR (b.status = 'pending' AND b.hold_expires_at <= now()) THEN
    PERFORM refuse('hold_expired', 'The hold has expired; the time has to be booked again.');
  ELSIF b.status NOT IN ('pending', 'confirmed') THEN
    PERFORM refuse('invalid_state', format('This booking is already %s.', b.status));
  ELSIF b.starts_at <= p_now AND b.client_id = p_by THEN
    PERFORM refuse('invalid_state', 'This booking has begun.');
  ELSIF EXISTS (SELECT FROM bookings WHERE parent_id = b.id) THEN
    PERFORM refuse('invalid_state', 'A course keeps its dates; cancel it and enrol in another.');
  ELSIF b.session_id IS NULL AND p_starts IS NULL THEN
    PERFORM refuse('invalid_start', 'Say when: start_time.');
  END IF;
  moved := CASE WHEN b.session_id IS NULL THEN move_time(b, p_starts, p_now) ELSE move_place(b, target, p_now) END;
  IF NOT moved THEN
    PERFORM refuse('slot_unavailable', 'That time is not free.');
  END IF;
  PERFORM tell_booking(b.id, 'rescheduled') WHERE b.status = 'confirmed';
END $$;

-- Moves a session's claim and booking, by the rules that list times, ignoring its own. The caller holds the locks.
CREATE OR REPLACE FUNCTION move_time(b bookings, p_starts timestamptz, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE s record; ends timestamptz; wanted tstzrange; other bookings;
BEGIN
  SELECT x.duration_minutes, x.buffer_before_minutes AS before, x.buffer_after_minutes AS after INTO s
    FROM services x WHERE x.id = b.service_id;
  ends := p_starts + make_interval(mins => s.duration_minutes);
  wanted := claim_buffered(p_starts, ends, s.before, s.after);
  FOR other IN
    SELECT x.* FROM claims own
      JOIN claims c ON int8range(c.resource_no, c.resource_no, '[]') && int8range(own.resource_no, own.resource_no, '[]')
       AND c.during && wanted AND c.active AND c.kind = 'hold' AND c.expires_at <= now()
      JOIN bookings x ON x.id = c.booking_id AND x.status = 'pending' AND x.hold_expires_at <= now()
     WHERE own.booking_id = b.id FOR UPDATE OF x
  LOOP
    PERFORM replace_hold(other);
  END LOOP;
  IF NOT is_free_start(b.service_id, p_starts, p_now, b.id) OR NOT move_claim(b.id, wanted) THEN
    RETURN false;
  END IF;
  UPDATE bookings SET starts_at = p_starts, ends_at = ends, buffer_before_minutes = s.before,
                      buffer_after_minutes = s.after, reschedule_count = reschedule_count + 1, updated_at = now()
   WHERE id = b.id;
  RETURN true;
END $$;

-- Moves places from one session of a workshop to another; expired holds on the new one make room first. The caller
-- holds both session rows.
CREATE OR REPLACE FUNCTION move_place(b bookings, p_session uuid, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE target sessions; other bookings;
BEGIN
  SELECT s.* INTO target FROM sessions s JOIN services v ON v.id = s.service_id
   WHERE s.id = p_session AND s.starts_at >= p_now + make_interval(mins => v.min_notice_minutes);
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  FOR other IN SELECT * FROM bookings WHERE session_id = target.id AND status = 'pending' AND parent_id IS NULL
                  AND hold_expires_at <= now() AND id <> b.id ORDER BY id FOR UPDATE LOOP
    PERFORM replace_hold(other);
  END LOOP;
  IF target.id <> b.session_id THEN
    IF NOT add_places(ARRAY[target.id], b.places) THEN
      RETURN false;
    END IF;
    UPDATE sessions SET places_taken = places_taken - b.places, updated_at = now() WHERE id = b.session_id;
  END IF;
  UPDATE bookings SET session_id = target.id, starts_at = target.starts_at, ends_at = target.ends_at,
                      reschedule_count = reschedule_count + 1, updated_at = now() WHERE id = b.id;
  RETURN true;
END $$;
