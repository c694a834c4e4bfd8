-- A practitioner takes a service out of the catalog: across catalog, availability and, by its references, bookings.

-- Deletes the service with its dates when nothing was ever booked of it: true. Otherwise deactivates it, and its coming
-- dates on which nobody has a place are cancelled and their time is the practitioner's again: false. What is booked
-- stays booked. Refuses `not_found` (also for another's service). Locks the practitioner's resource, the
-- dates by id, then the service: whoever books a place locks its date before the service's key.
CREATE FUNCTION withdraw_service(p_service uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v record;
BEGIN
  SELECT p.id AS practitioner_id, p.resource_no INTO v
    FROM services s JOIN practitioners p ON p.id = s.practitioner_id
   WHERE s.id = p_service AND (p.user_id = asking_user() OR asking_admin());
  IF NOT FOUND THEN
    PERFORM refuse('not_found');
  END IF;
  PERFORM pg_advisory_xact_lock(v.resource_no);
  PERFORM 1 FROM sessions WHERE service_id = p_service ORDER BY id FOR UPDATE;
  PERFORM 1 FROM services WHERE id = p_service FOR UPDATE;
  BEGIN
    DELETE FROM sessions WHERE service_id = p_service;
    DELETE FROM services WHERE id = p_service;
    PERFORM rebuild_free_days(v.practitioner_id); -- the claims of its dates went with them
    RETURN true;
  EXCEPTION WHEN foreign_key_violation OR restrict_violation THEN
    -- Something was booked: what refers to a service is the database's to know (by either name, as versions differ).
    NULL;
  END;
  UPDATE services SET is_active = false, updated_at = now() WHERE id = p_service;
  PERFORM release_session_claim(e.id) FROM (
    SELECT s.id FROM sessions s
     WHERE s.service_id = p_service AND s.status = 'scheduled' AND s.places_taken = 0 AND s.starts_at > now()
     ORDER BY s.id) e;
  UPDATE sessions SET status = 'cancelled', updated_at = now()
   WHERE service_id = p_service AND status = 'scheduled' AND places_taken = 0 AND starts_at > now();
  RETURN false;
END $$;
SELECT run_as_engine('{withdraw_service}', '{moorage_web}');
