-- Ending a booking, and what goes back.

-- On which side of a booking somebody stands: 'client', 'practitioner', 'admin'; NULL for a stranger.
CREATE OR REPLACE FUNCTION booking_side(b bookings, p_by uuid) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN b.client_id = p_by THEN 'client'
    WHEN EXISTS (SELECT FROM practitioners p WHERE p.id = b.practitioner_id AND p.user_id = p_by) THEN 'practitioner'
    WHEN EXISTS (SELECT FROM users u WHERE u.id = p_by AND u.role IN ('admin', 'owner') AND u.is_active) THEN 'admin' END
$$;

-- Lets go on only who may, and only with a booking that stands for itself. Answers the side. Refuses not_found (also to
-- strangers), forbidden, invalid_state for one date of a course.
CREATE OR REPLACE FUNCTION check_side(b bookings, p_booking uuid, p_by uuid, p_allowed text[]) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE side text := booking_side(b, p_by);
BEGIN
  IF b.id IS NULL OR side IS NULL THEN
    PERFORM refuse('not_found', 'There is no such booking.');
  ELSIF side <> ALL (p_allowed) THEN
    PERFORM refuse('forbidden', format('This is for the %s of the booking.', p_allowed[1]));
  ELSIF b.id <> p_booking THEN
    PERFORM refuse('invalid_state', 'This is one date of a course, which is booked as a whole.');
  END IF;
  RETURN side;
END $$;

-- What a booking that ends now gives back, by the policy kept on it: the client all until N hours before the start, then
-- all but a share of the price (never more than was paid); from the other side everything.
CREATE OR REPLACE FUNCTION cancel_terms(b bookings, p_side text, p_now timestamptz, OUT refund_minor bigint,
                                        OUT fee_minor bigint) LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE kept bigint := b.paid_minor - b.refunded_minor;
BEGIN
  fee_minor := CASE WHEN p_side = 'client' AND b.status <> 'pending'
                         AND p_now > b.starts_at - make_interval(hours => b.free_until_hours)
                    THEN least(kept, round(b.total_minor::numeric * b.late_fee_bps / 10000)::bigint) ELSE 0 END;
  refund_minor := kept - fee_minor;
END $$;

-- Refuses invalid_state when a booking cannot be cancelled by that side any more.
CREATE OR REPLACE FUNCTION check_cancellable(b bookings, p_side text, p_now timestamptz) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF b.status IN ('cancelled', 'completed') THEN
    PERFORM refuse('invalid_state', format('This booking is already %s.', b.status));
  ELSIF p_side = 'client' AND b.starts_at <= p_now THEN
    PERFORM refuse('invalid_state', 'This booking has begun.');
  END IF;
END $$;

-- What cancelling now would give back and keep. Refuses as cancel_booking; changes and locks nothing.
CREATE OR REPLACE FUNCTION preview_cancel(p_booking uuid, p_by uuid, p_now timestamptz, OUT refund_minor bigint,
                                          OUT fee_minor bigint, OUT currency text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE b bookings; side text;
BEGIN
  SELECT top.* INTO b FROM bookings x JOIN bookings top ON top.id = coalesce(x.parent_id, x.id) WHERE x.id = p_booking;
  side := check_side(b, p_booking, p_by, ARRAY['client', 'practitioner', 'admin']);
  PERFORM check_cancellable(b, side, p_now);
  SELECT t.refund_minor, t.fee_minor, b.currency INTO refund_minor, fee_minor, currency
    FROM cancel_terms(b, side, p_now) AS t;
END $$;

-- Cancels a booking: its time and places are free at commit, what could still be collected is stopped, and what the
-- policy gives back is planned as refunds. Answers the amount and every planned operation, for whoever waits to carry
-- out. Refuses not_found, invalid_state (cancelled twice, completed, begun). Locks as lock_booking, payments, balances.
CREATE OR REPLACE FUNCTION cancel_booking(p_booking uuid, p_by uuid, p_reason text, p_now timestamptz,
                                          OUT refund_minor bigint, OUT operations uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE b bookings := lock_booking(p_booking); side text; fee bigint; refunds_planned uuid[];
BEGIN
  side := check_side(b, p_booking, p_by, ARRAY['client', 'practitioner', 'admin']);
  PERFORM check_cancellable(b, side, p_now);
  SELECT t.refund_minor, t.fee_minor INTO refund_minor, fee FROM cancel_terms(b, side, p_now) AS t;
  PERFORM drop_booking(b, side, p_by, p_reason);
  operations := stop_collecting(b.id, 'booking_cancelled', p_by);
  SELECT r.planned_minor, operations || r.calls INTO refund_minor, operations
    FROM refund_booking(b, refund_minor, 'booking_cancelled', p_by) AS r;
  IF b.confirmed_at IS NOT NULL THEN
    PERFORM count_gross(b.practitioner_id, b.confirmed_at, b.currency, fee - b.total_minor);
  END IF;
  PERFORM tell_booking(b.id, 'cancelled');
END $$;

-- Plans refunds of a booking's payments, the newest first, until `p_amount` is reached. A disputed payment is passed
-- over: the provider holds its money until the dispute is decided. Answers what was planned. The caller holds the
-- booking's row.
CREATE OR REPLACE FUNCTION refund_booking(b bookings, p_amount bigint, p_reason text, p_by uuid,
                                          OUT planned_minor bigint, OUT calls uuid[]) LANGUAGE plpgsql AS $$
DECLARE p payments; part bigint; operation uuid;
BEGIN
  planned_minor := 0;
  calls := '{}';
  FOR p IN SELECT * FROM payments WHERE purpose_id = b.id AND status IN ('succeeded', 'partially_refunded')
            ORDER BY created_at DESC, id DESC FOR UPDATE LOOP
    part := least(p_amount - planned_minor, p.amount_minor - p.refunded_minor - p.refund_pending_minor);
    CONTINUE WHEN part <= 0;
    operation := new_id();
    PERFORM plan_refund(new_id(), operation, p.id, part, p_reason, p_by);
    planned_minor := planned_minor + part;
    calls := calls || operation;
  END LOOP;
  UPDATE bookings SET refunded_minor = refunded_minor + planned_minor, updated_at = now()
   WHERE id = b.id AND planned_minor > 0;
END $$;
