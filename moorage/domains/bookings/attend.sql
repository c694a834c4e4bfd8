-- After the appointment: who came; and what may be written on a booking.

-- Marks a confirmed booking, with a course's dates, as delivered; its earnings become available when the refund window
-- after its end (or after this, if later) is over. Refuses not_found, forbidden, and invalid_state, before its last date
-- has begun too. Locks as lock_booking.
CREATE OR REPLACE FUNCTION complete_booking(p_booking uuid, p_by uuid, p_now timestamptz, p_refund_window_hours integer)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE b bookings := lock_booking(p_booking);
BEGIN
  PERFORM check_side(b, p_booking, p_by, ARRAY['practitioner', 'admin']);
  IF b.status <> 'confirmed' THEN
    PERFORM refuse('invalid_state', format('This booking is %s, not confirmed.', b.status));
  ELSIF EXISTS (SELECT FROM bookings WHERE b.id IN (id, parent_id) AND status = 'confirmed' AND starts_at > p_now) THEN
    PERFORM refuse('invalid_state', 'This booking has not begun.');
  END IF;
  PERFORM finish_booking(b, true, p_now, p_refund_window_hours);
END $$;

-- Marks a confirmed booking whose time has come as missed by the client: the policy's late fee is kept, the rest goes
-- back. Answers what goes back and the planned operations. Refuses as complete_booking.
-- Locks as lock_booking, then payments, balances.
CREATE OR REPLACE FUNCTION mark_no_show(p_booking uuid, p_by uuid, p_now timestamptz, p_refund_window_hours integer,
                                        OUT refund_minor bigint, OUT operations uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE b bookings := lock_booking(p_booking);
BEGIN
  PERFORM check_side(b, p_booking, p_by, ARRAY['practitioner', 'admin']);
  IF b.status <> 'confirmed' THEN
    PERFORM refuse('invalid_state', format('This booking is %s, not confirmed.', b.status));
  ELSIF b.starts_at > p_now THEN
    PERFORM refuse('invalid_state', 'This booking has not begun.');
  END IF;
  PERFORM finish_booking(b, false, p_now, p_refund_window_hours);
  SELECT r.planned_minor, stop_collecting(b.id, 'no_show', p_by) || r.calls INTO refund_minor, operations
    FROM cancel_terms(b, 'client', p_now) AS t, refund_booking(b, t.refund_minor, 'no_show', p_by) AS r;
END $$;

-- Completes a booking with its children, and says when its earnings may be released.
CREATE OR REPLACE FUNCTION finish_booking(b bookings, p_attended boolean, p_now timestamptz, p_window_hours integer)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bookings SET status = 'completed', attended = p_attended, completed_at = p_now, updated_at = now()
   WHERE id = b.id OR parent_id = b.id;
  UPDATE booking_participants SET attended = p_attended WHERE booking_id = b.id AND (attended IS NULL OR NOT p_attended);
  PERFORM schedule_earnings(b.id, greatest(p_now, b.ends_at) + make_interval(hours => p_window_hours));
END $$;

-- Changes what is written on a booking. `p_requests` NULL keeps the special requests. `p_people` NULL keeps the
-- participants; else one object per participant in their order, each with any of name, email, option, attended, notes.
-- How many there are, and their options, are part of the price and stay. Names and requests are the client's until the
-- end; attended and notes are the practitioner's. Refuses not_found, forbidden, invalid_state, participants_fixed.
-- Locks the booking's row.
CREATE OR REPLACE FUNCTION change_booking(p_booking uuid, p_by uuid, p_requests text, p_people jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE b bookings; side text; priced boolean;
BEGIN
  SELECT * INTO b FROM bookings WHERE id = p_booking FOR UPDATE;
  side := check_side(b, p_booking, p_by, ARRAY['client', 'practitioner', 'admin']);
  IF b.parent_id IS NOT NULL THEN
    PERFORM refuse('invalid_state', 'This is one date of a course, which is booked as a whole.');
  ELSIF b.status = 'cancelled' OR (side = 'client' AND b.status = 'completed') THEN
    PERFORM refuse('invalid_state', format('This booking is already %s.', b.status));
  ELSIF side = 'client' AND jsonb_path_exists(p_people, '$[*] ? (exists(@.attended) || exists(@.notes))') THEN
    PERFORM refuse('forbidden', 'Who attended, and notes, are for the practitioner to write.');
  ELSIF jsonb_array_length(p_people) <> b.places THEN
    PERFORM refuse('participants_fixed', format('This booking is for %s.', b.places));
  END IF;
  SELECT coalesce(bool_and(NOT line.person ? 'option' OR p.option_name IS NOT DISTINCT FROM line.person ->> 'option'), true)
    INTO priced
    FROM jsonb_array_elements(p_people) WITH ORDINALITY AS line (person, at)
    JOIN booking_participants p ON p.booking_id = b.id AND p.position = line.at;
  IF NOT priced THEN
    PERFORM refuse('participants_fixed', 'The option is part of the price and stays.');
  END IF;
  UPDATE bookings SET special_requests = coalesce(p_requests, special_requests), updated_at = now() WHERE id = b.id;
  UPDATE booking_participants p SET
      name = CASE WHEN line.person ? 'name' THEN coalesce(line.person ->> 'name', '') ELSE p.name END,
      email = CASE WHEN line.person ? 'email' THEN line.person ->> 'email' ELSE p.email END,
      attended = CASE WHEN line.person ? 'attended' THEN (line.person ->> 'attended')::boolean ELSE p.attended END,
      notes = CASE WHEN line.person ? 'notes' THEN coalesce(line.person ->> 'notes', '') ELSE p.notes END
    FROM jsonb_array_elements(p_people) WITH ORDINALITY AS line (person, at)
   WHERE p.booking_id = b.id AND p.position = line.at;
END $$;
