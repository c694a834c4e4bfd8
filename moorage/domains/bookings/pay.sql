-- What money, or a practitioner's word, does to a booking: confirmed, or given back.

-- The first day of the month, in UTC, that counts an instant.
CREATE OR REPLACE FUNCTION month_of(p_at timestamptz) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT date_trunc('month', p_at AT TIME ZONE 'UTC')::date
$$;

-- Adds to what a practitioner had confirmed in a month (the commission's tiers read it); negative takes away.
CREATE OR REPLACE FUNCTION count_gross(p_practitioner uuid, p_at timestamptz, p_currency text, p_amount bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF p_amount > 0 THEN
    INSERT INTO practitioner_months AS m (practitioner_id, month, currency, gross_minor)
    VALUES (p_practitioner, month_of(p_at), p_currency, p_amount)
    ON CONFLICT (practitioner_id, month, currency) DO UPDATE SET gross_minor = m.gross_minor + excluded.gross_minor;
  ELSIF p_amount < 0 THEN
    UPDATE practitioner_months SET gross_minor = greatest(0, gross_minor + p_amount)
     WHERE practitioner_id = p_practitioner AND month = month_of(p_at) AND currency = p_currency;
  END IF;
END $$;

-- One payment of a booking has succeeded: counts it, and confirms the booking when what was due is paid. A hold that
-- expired meanwhile claims its time or places again; where it cannot, or the booking has ended, or all was paid
-- already, the whole payment goes back. Answers 'confirmed', 'paid' or 'refunded'.
-- Locks as lock_booking (the caller, who holds the payment's row too, has called it first).
CREATE OR REPLACE FUNCTION apply_booking_payment(p_booking uuid, p_payment uuid, p_amount bigint, p_now timestamptz)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE b bookings := lock_booking(p_booking); lapsed boolean;
BEGIN
  IF b.id IS NULL THEN
    PERFORM refuse('not_found', 'There is no such booking.');
  END IF;
  lapsed := (b.status = 'pending' AND b.hold_expires_at <= now()) OR b.cancel_kind IS NOT DISTINCT FROM 'expired';
  IF b.paid_minor - b.refunded_minor + p_amount > b.total_minor OR (b.status = 'cancelled' AND NOT lapsed) THEN
    RETURN give_back(b, p_payment, p_amount);
  ELSIF lapsed AND NOT take_again(b, p_now) THEN
    IF b.status = 'pending' THEN
      PERFORM drop_booking(b, 'not_available');
    ELSE
      UPDATE bookings SET cancel_kind = 'not_available', updated_at = now() WHERE id = b.id OR parent_id = b.id;
    END IF;
    PERFORM tell_booking(b.id, 'not_available');
    RETURN give_back(b, p_payment, p_amount);
  END IF;
  UPDATE bookings SET paid_minor = paid_minor + p_amount, updated_at = now() WHERE id = b.id RETURNING * INTO b;
  IF b.status IN ('confirmed', 'completed') THEN
    PERFORM earn(b, p_payment, p_amount);
    RETURN 'paid';
  ELSIF b.paid_minor - b.refunded_minor < b.due_now_minor THEN
    RETURN 'paid';
  END IF;
  PERFORM make_confirmed(b, p_now);
  RETURN 'confirmed';
END $$;

-- Returns a payment that its booking has no use for: counted as paid and as given back.
CREATE OR REPLACE FUNCTION give_back(b bookings, p_payment uuid, p_amount bigint) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bookings SET paid_minor = paid_minor + p_amount, refunded_minor = refunded_minor + p_amount, updated_at = now()
   WHERE id = b.id;
  PERFORM plan_refund(new_id(), new_id(), p_payment, p_amount, 'booking_' || b.status, NULL);
  RETURN 'refunded';
END $$;

-- Records what one payment of a booking earned its practitioner, once.
CREATE OR REPLACE FUNCTION earn(b bookings, p_payment uuid, p_amount bigint) RETURNS void LANGUAGE sql AS $$
  SELECT record_earning(b.id, p_payment, b.practitioner_id, p_amount, NULL, b.commission_bps, b.currency, p.is_house)
    FROM practitioners p WHERE p.id = b.practitioner_id
$$;

-- Confirms a pending (or lapsed and taken again) booking with its children, and tells both sides. What was paid for it
-- before is earned by that, as far as it was kept, and held on where it is disputed. The caller holds the booking's row
-- and has seen to its time.
CREATE OR REPLACE FUNCTION make_confirmed(b bookings, p_now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE p payments;
BEGIN
  UPDATE bookings
     SET status = 'confirmed', confirmed_at = p_now, hold_expires_at = NULL, cancelled_at = NULL, cancelled_by = NULL,
         cancel_kind = NULL, cancel_reason = NULL, updated_at = now()
   WHERE id = b.id OR parent_id = b.id;
  PERFORM confirm_claim(b.id);
  PERFORM count_gross(b.practitioner_id, p_now, b.currency, b.total_minor);
  PERFORM tell_booking(b.id, 'confirmed');
  FOR p IN
    SELECT * FROM payments x WHERE x.purpose_id = b.id AND x.status IN ('succeeded', 'partially_refunded', 'disputed')
       AND x.amount_minor > x.refunded_minor + x.refund_pending_minor ORDER BY x.created_at, x.id
  LOOP
    PERFORM earn(b, p.id, p.amount_minor - p.refunded_minor - p.refund_pending_minor);
    PERFORM hold_earning(p.id, now()) WHERE p.status = 'disputed';
  END LOOP;
END $$;

-- Takes what a lapsed hold let go of: a session's time if it would be listed without this booking (notice and horizon
-- as when it was made), or places in every one of its sessions. False, and nothing changed, when that is not so or the
-- time has come. The caller holds the locks.
CREATE OR REPLACE FUNCTION take_again(b bookings, p_now timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF b.starts_at <= p_now THEN
    RETURN false;
  ELSIF cardinality(sessions_of(b.id)) > 0 THEN
    RETURN b.status = 'pending' OR add_places(sessions_of(b.id), b.places);
  END IF;
  RETURN is_free_start(b.service_id, b.starts_at, b.created_at, b.id) AND reclaim(b.id);
END $$;

-- A practitioner's or administrator's word instead of a payment here (cash, by invoice): confirms a hold that has not
-- expired and stops collecting for it. Answers planned operations. Refuses not_found, forbidden, invalid_state,
-- hold_expired. Locks as lock_booking, then payments.
CREATE OR REPLACE FUNCTION confirm_booking(p_booking uuid, p_by uuid, p_now timestamptz) RETURNS uuid[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE b bookings := lock_booking(p_booking);
BEGIN
  PERFORM check_side(b, p_booking, p_by, ARRAY['practitioner', 'admin']);
  IF b.cancel_kind = 'expired' OR (b.status = 'pending' AND b.hold_expires_at <= now()) THEN
    PERFORM refuse('hold_expired', 'The hold has expired; the time has to be booked again.');
  ELSIF b.status <> 'pending' THEN
    PERFORM refuse('invalid_state', format('This booking is %s.', b.status));
  END IF;
  PERFORM make_confirmed(b, p_now);
  RETURN stop_collecting(b.id, 'confirmed_without_payment', p_by);
END $$;

-- Keeps a hold for another `p_minutes` from now, once. Answers when it expires. Refuses not_found, invalid_state,
-- hold_expired. Locks as lock_booking.
CREATE OR REPLACE FUNCTION extend_hold(p_booking uuid, p_by uuid, p_minutes integer) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE b bookings := lock_booking(p_booking); expires timestamptz := now() + make_interval(mins => p_minutes);
BEGIN
  PERFORM check_side(b, p_booking, p_by, ARRAY['client', 'admin']);
  IF b.cancel_kind = 'expired' OR (b.status = 'pending' AND b.hold_expires_at <= now()) THEN
    PERFORM refuse('hold_expired', 'The hold has expired; the time has to be booked again.');
  ELSIF b.status <> 'pending' THEN
    PERFORM refuse('invalid_state', format('This booking is %s.', b.status));
  ELSIF b.hold_extended THEN
    PERFORM refuse('invalid_state', 'A hold can be extended once.');
  END IF;
  UPDATE bookings SET hold_expires_at = expires, hold_extended = true, updated_at = now() WHERE id = b.id;
  IF cardinality(sessions_of(b.id)) = 0 AND NOT extend_claim(b.id, expires) THEN
    PERFORM refuse('hold_expired', 'The hold has expired; the time has to be booked again.');
  END IF;
  RETURN expires;
END $$;
