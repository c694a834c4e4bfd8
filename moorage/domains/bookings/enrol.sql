-- What contracts with appointments and trainings need besides hold_booking, in the same transaction as it.

-- Refuses `already_enrolled` when the client has a place in this training (in this date of it, where `p_session` names
-- one) besides the booking `p_booking` itself. Two enrolments of one person take turns until the end of the
-- transaction: call it before hold_booking, with which it shares no lock. Locks: the person and the training, by an
-- advisory lock of two keys.
CREATE FUNCTION check_not_enrolled(p_booking uuid, p_client uuid, p_service uuid, p_session uuid, p_now timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('enrolment'), hashtext(p_client::text || p_service::text));
  IF EXISTS (SELECT FROM bookings b
              WHERE b.client_id = p_client AND b.service_id = p_service AND b.parent_id IS NULL AND b.id <> p_booking
                AND (p_session IS NULL OR b.session_id = p_session) AND b.ends_at > p_now
                AND (b.status = 'confirmed' OR b.status = 'pending' AND b.hold_expires_at > now())) THEN
    PERFORM refuse('already_enrolled');
  END IF;
END $$;

-- Notes the practice's own code of the state that the client lives in. Only for who may see the booking; nothing happens
-- for anybody else. Locks the booking's row.
CREATE FUNCTION note_state(p_booking uuid, p_state integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE bookings SET state_no = p_state WHERE id = p_booking AND (client_id = asking_user() OR asking_admin())
$$;
