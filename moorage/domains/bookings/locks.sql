-- Who stands where before anything of a booking changes, and how a booking lets go of what it occupies.
-- Everything in these files locks in one order: (1) the practitioner's time, an advisory lock by resource_no; (2) session
-- rows by ascending id; (3) the booking; (4) its payments; (5) balances.

-- Locks a booking with what it occupies, in the order above, and answers its row (a child's id: its parent's row);
-- NULL when there is none. Whoever settles, cancels or moves a booking calls this first.
CREATE OR REPLACE FUNCTION lock_booking(p_booking uuid) RETURNS bookings
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE seen record; wanted uuid[]; b bookings;
BEGIN
  SELECT coalesce(x.parent_id, x.id) AS id, x.session_id, p.resource_no, s.service_type INTO seen
    FROM bookings x JOIN practitioners p ON p.id = x.practitioner_id JOIN services s ON s.id = x.service_id
   WHERE x.id = p_booking;
  IF NOT FOUND THEN
    RETURN NULL;
  ELSIF seen.service_type = 'session' THEN
    PERFORM pg_advisory_xact_lock(seen.resource_no);
  ELSE
    wanted := sessions_of(seen.id);
    PERFORM FROM sessions WHERE id = ANY (wanted) ORDER BY id FOR UPDATE;
  END IF;
  SELECT * INTO b FROM bookings WHERE id = seen.id FOR UPDATE;
  IF seen.service_type <> 'session' AND NOT sessions_of(b.id) <@ wanted THEN
    -- It moved to another session while we waited: nothing is written yet, so tell the whole unit again.
    RAISE EXCEPTION 'booking % moved meanwhile', b.id USING ERRCODE = 'serialization_failure';
  END IF;
  RETURN b;
END $$;

-- The sessions in which a booking, or a course's children, have places.
CREATE OR REPLACE FUNCTION sessions_of(p_booking uuid) RETURNS uuid[] LANGUAGE sql STABLE AS $$
  SELECT coalesce(array_agg(session_id), '{}') FROM bookings
   WHERE (id = p_booking OR parent_id = p_booking) AND session_id IS NOT NULL
$$;

-- Ends a booking with its children and gives back its time and places. The caller holds lock_booking's locks and has
-- checked that it may end.
CREATE OR REPLACE FUNCTION drop_booking(b bookings, p_kind text, p_by uuid DEFAULT NULL, p_reason text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bookings
     SET status = 'cancelled', cancelled_at = now(), cancelled_by = p_by, cancel_kind = p_kind, cancel_reason = p_reason,
         hold_expires_at = NULL, updated_at = now()
   WHERE id = b.id;
  IF b.session_id IS NULL AND NOT EXISTS (SELECT FROM bookings WHERE parent_id = b.id) THEN
    PERFORM release_claim(b.id);
    RETURN;
  END IF;
  UPDATE bookings
     SET status = 'cancelled', cancelled_at = now(), cancelled_by = p_by, cancel_kind = p_kind, updated_at = now()
   WHERE parent_id = b.id;
  UPDATE sessions SET places_taken = places_taken - b.places, updated_at = now() WHERE id = ANY (sessions_of(b.id));
END $$;

-- Stops what could still be collected for a booking: open payments are canceled, at once where the provider does not
-- know of them yet, else by a planned call. Answers those planned operations. The caller holds the booking's row.
CREATE OR REPLACE FUNCTION stop_collecting(p_booking uuid, p_reason text, p_by uuid DEFAULT NULL) RETURNS uuid[]
LANGUAGE plpgsql AS $$
DECLARE payment uuid; operation uuid; operations uuid[] := '{}';
BEGIN
  FOR payment IN
    SELECT id FROM payments
     WHERE purpose_id = p_booking AND status IN ('pending', 'requires_action', 'processing', 'failed')
     ORDER BY created_at, id
  LOOP
    operation := new_id();
    PERFORM plan_cancel(operation, payment, p_reason, p_by);
    IF EXISTS (SELECT FROM provider_operations WHERE id = operation) THEN
      operations := operations || operation;
    END IF;
  END LOOP;
  RETURN operations;
END $$;

-- Releases holds that have expired by the database's clock: all of them, of one practitioner's time, or of one session;
-- at most `p_limit`. Nothing depends on this having run (an expired hold is free at that instant), so it never waits:
-- what somebody has locked is left for the next time. The payment stays open: paying late claims the time again if
-- it is still free. Answers how many.
CREATE OR REPLACE FUNCTION release_expired_holds(p_resource bigint DEFAULT NULL, p_session uuid DEFAULT NULL,
                                                 p_limit integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE expired record; b bookings; wanted uuid[]; released integer := 0;
BEGIN
  FOR expired IN
    SELECT x.id, p.resource_no, s.service_type
      FROM bookings x JOIN practitioners p ON p.id = x.practitioner_id JOIN services s ON s.id = x.service_id
     WHERE x.status = 'pending' AND x.parent_id IS NULL AND x.hold_expires_at <= now()
       AND (p_resource IS NULL OR p.resource_no = p_resource)
       AND (p_session IS NULL OR p_session = ANY (sessions_of(x.id)))
     ORDER BY x.hold_expires_at LIMIT p_limit
  LOOP
    IF expired.service_type = 'session' THEN
      CONTINUE WHEN NOT pg_try_advisory_xact_lock(expired.resource_no);
    ELSE
      wanted := sessions_of(expired.id);
      CONTINUE WHEN cardinality(wanted) <>
        (SELECT count(*) FROM (SELECT FROM sessions WHERE id = ANY (wanted) FOR UPDATE SKIP LOCKED) AS locked);
    END IF;
    SELECT * INTO b FROM bookings
     WHERE id = expired.id AND status = 'pending' AND hold_expires_at <= now() FOR UPDATE SKIP LOCKED;
    CONTINUE WHEN NOT FOUND OR (expired.service_type <> 'session' AND NOT sessions_of(b.id) <@ wanted);
    PERFORM drop_booking(b, 'expired');
    released := released + 1;
  END LOOP;
  RETURN released;
END $$;
