-- Who may read bookings, and who may call the verbs. Nobody writes these tables except through them.
ALTER TABLE bookings ENABLE ROW LEVEL SECURITY;
ALTER TABLE bookings FORCE ROW LEVEL SECURITY;
ALTER TABLE booking_participants ENABLE ROW LEVEL SECURITY;
ALTER TABLE booking_participants FORCE ROW LEVEL SECURITY;
ALTER TABLE practitioner_months ENABLE ROW LEVEL SECURITY;
ALTER TABLE practitioner_months FORCE ROW LEVEL SECURITY;
GRANT SELECT ON bookings, booking_participants TO moorage_web, moorage_worker;
GRANT SELECT ON practitioner_months TO moorage_worker;

DROP POLICY IF EXISTS product ON bookings;
CREATE POLICY product ON bookings TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS own ON bookings;
CREATE POLICY own ON bookings FOR SELECT TO moorage_web
  USING (client_id = (SELECT asking_user()) OR practitioner_id = (SELECT asking_practitioner()) OR (SELECT asking_admin()));

-- What is asked for a practitioner's service concerns them before it is paid, and when it never is.
CREATE POLICY of_their_services ON payments FOR SELECT TO moorage_web
  USING ((SELECT asking_practitioner()) IS NOT NULL AND purpose LIKE 'booking\_%'
         AND EXISTS (SELECT FROM bookings b
                      WHERE b.id = payments.purpose_id AND b.practitioner_id = (SELECT asking_practitioner())));

DROP POLICY IF EXISTS product ON booking_participants;
CREATE POLICY product ON booking_participants TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);
-- Participants follow their booking, whose own policy decides.
DROP POLICY IF EXISTS of_booking ON booking_participants;
CREATE POLICY of_booking ON booking_participants FOR SELECT TO moorage_web
  USING (EXISTS (SELECT FROM bookings b WHERE b.id = booking_id));

DROP POLICY IF EXISTS product ON practitioner_months;
CREATE POLICY product ON practitioner_months TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

-- Every function of this domain acts as the engine; the verbs alone are open to the two pools.
SELECT run_as_engine('{
  hold_booking, confirm_booking, extend_hold, cancel_booking, preview_cancel, reschedule_booking,
  complete_booking, mark_no_show, change_booking, change_order, release_expired_holds, appointments_of,
  check_not_enrolled, note_state}', '{moorage_web, moorage_worker}');
SELECT run_as_engine('{
  lock_booking, sessions_of, drop_booking, stop_collecting, commission_rate, repeated_hold, price_participants,
  take_time, make_way, replace_hold, take_places, add_places, enrol_children, count_gross, apply_booking_payment,
  give_back, earn, make_confirmed, take_again, booking_side, check_side, cancel_terms, check_cancellable,
  refund_booking, move_time, move_place, finish_booking, tell_booking, spoken_time, spoken_amount, month_of,
  describe_booking, check_changeable, seat_guests, reprice_booking, stop_asking}');
GRANT EXECUTE ON FUNCTION describe_booking(uuid) TO moorage_worker;
