-- Sessions: dates of workshops and courses. A session's places are taken by a guarded update; the practitioner's time
-- is claimed once per session, not per attendee.

-- Creates sessions of a service at p_starts, each with the practitioner's claim. One row per start, in their order:
-- a start that is taken (by a claim, an outside calendar or an earlier start of the same list) is a conflict. With
-- conflicts nothing at all is written, unless p_skip_conflicts: then the others are. p_capacity NULL: the service's.
-- Refused with not_found, forbidden (neither the service's practitioner nor an admin) or invalid (a service of type
-- session has no dates). Locks the practitioner's resource.
CREATE FUNCTION create_sessions(p_service uuid, p_starts timestamptz[], p_ids uuid[], p_claim_ids uuid[],
                                           p_capacity int, p_skip_conflicts boolean)
RETURNS TABLE (id uuid, starts_at timestamptz, ends_at timestamptz, capacity int, is_conflict boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_service record;
  v_during tstzrange[];
  v_conflicts boolean[];
BEGIN
  SELECT s.*, p.resource_no, make_interval(mins => s.duration_minutes) AS lasts INTO v_service
  FROM services s JOIN practitioners p ON p.id = s.practitioner_id WHERE s.id = p_service;
  IF NOT FOUND THEN
    PERFORM refuse('not_found');
  END IF;
  PERFORM require_practitioner(v_service.practitioner_id);
  IF v_service.service_type = 'session' THEN
    PERFORM refuse('invalid', 'A service of type session is booked by its hours; it has no dates.');
  END IF;
  PERFORM pg_advisory_xact_lock(v_service.resource_no);
  PERFORM free_expired_claims(v_service.resource_no);
  v_during := ARRAY(SELECT claim_buffered(t.s, t.s + v_service.lasts, v_service.buffer_before_minutes,
                                          v_service.buffer_after_minutes)
                    FROM unnest(p_starts) WITH ORDINALITY t(s, n) ORDER BY t.n);
  v_conflicts := conflicts_of(v_service.resource_no, v_during);
  IF p_skip_conflicts OR true <> ALL (v_conflicts) THEN
    FOR i IN 1 .. cardinality(p_starts) LOOP
      CONTINUE WHEN v_conflicts[i];
      INSERT INTO sessions (id, service_id, resource_no, starts_at, ends_at, capacity)
      VALUES (p_ids[i], p_service, v_service.resource_no, p_starts[i], p_starts[i] + v_service.lasts,
              coalesce(p_capacity, v_service.max_participants));
      IF NOT claim_time(p_claim_ids[i], v_service.resource_no, v_during[i], 'booking', NULL, NULL, p_ids[i]) THEN
        PERFORM refuse('slot_unavailable'); -- only if somebody wrote claims without the lock
      END IF;
    END LOOP;
  END IF;
  RETURN QUERY
    SELECT p_ids[n.i], p_starts[n.i], p_starts[n.i] + v_service.lasts,
           coalesce(p_capacity, v_service.max_participants), v_conflicts[n.i]
    FROM generate_subscripts(p_starts, 1) n(i) ORDER BY n.i;
END $$;

-- For each stretch, in order: whether it is taken, by what occupies the resource or by an earlier stretch of the list
-- that is not itself a conflict.
CREATE FUNCTION conflicts_of(p_resource bigint, p_during tstzrange[]) RETURNS boolean[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_taken tstzmultirange := '{}';
  v_conflicts boolean[] := '{}';
  v_during tstzrange;
  v_is_conflict boolean;
BEGIN
  FOREACH v_during IN ARRAY p_during LOOP
    v_is_conflict := v_taken && v_during
      OR EXISTS (SELECT FROM busy_ranges(p_resource, lower(v_during), upper(v_during), NULL));
    IF NOT v_is_conflict THEN
      v_taken := v_taken + tstzmultirange(v_during);
    END IF;
    v_conflicts := v_conflicts || v_is_conflict;
  END LOOP;
  RETURN v_conflicts;
END $$;

-- Places of a session that holds keep which have expired by the database's clock: free at that instant, whether or not a
-- cleaner ran. Names the bookings, which lie above this domain, for the reason that `full_days` does.
CREATE OR REPLACE FUNCTION lapsed_places(p_session uuid) RETURNS int LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT coalesce(sum(b.places), 0)::int
  FROM bookings b JOIN bookings top ON top.id = coalesce(b.parent_id, b.id)
  WHERE b.session_id = p_session AND b.status = 'pending' AND top.status = 'pending' AND top.hold_expires_at <= now()
$$;
