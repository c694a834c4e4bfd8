-- Changing what was booked: how many come, at which option, where to; and what a change of price does to what is owed.

-- Changes an order of a session. NULL keeps: `p_places` and `p_option` (of all who come), `p_address`, `p_requests`.
-- An option that is booked already keeps its agreed price, another costs what it costs now. The client may until the
-- policy kept on the booking lets nobody cancel for free, the other side until the start. Answers planned operations.
-- Refuses not_found, hold_expired, invalid_state, too_many_participants, option_required, unknown_option.
-- Locks as lock_booking, then payments, balances.
CREATE OR REPLACE FUNCTION change_order(p_booking uuid, p_by uuid, p_places integer, p_option text, p_address text,
                                        p_requests text, p_now timestamptz) RETURNS uuid[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE b bookings := lock_booking(p_booking); side text;
BEGIN
  side := check_side(b, p_booking, p_by, ARRAY['client', 'practitioner', 'admin']);
  PERFORM check_changeable(b, side, p_now);
  UPDATE bookings SET address = coalesce(p_address, address), special_requests = coalesce(p_requests, special_requests),
                      updated_at = now() WHERE id = b.id RETURNING * INTO b;
  IF p_places IS NULL AND p_option IS NULL THEN
    RETURN '{}';
  ELSIF b.session_id IS NOT NULL OR EXISTS (SELECT FROM bookings WHERE parent_id = b.id) THEN
    PERFORM refuse('invalid_state', 'Places in a date of a workshop or course are booked anew.');
  END IF;
  RETURN reprice_booking(b, seat_guests(b, coalesce(p_places, b.places), p_option), p_by, p_now);
END $$;

-- Refuses when an order can be changed no more by that side.
CREATE OR REPLACE FUNCTION check_changeable(b bookings, p_side text, p_now timestamptz) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF b.cancel_kind = 'expired' OR (b.status = 'pending' AND b.hold_expires_at <= now()) THEN
    PERFORM refuse('hold_expired', 'The hold has expired; the time has to be booked again.');
  ELSIF b.status NOT IN ('pending', 'confirmed') THEN
    PERFORM refuse('invalid_state', format('This booking is already %s.', b.status));
  ELSIF b.starts_at <= p_now THEN
    PERFORM refuse('invalid_state', 'This booking has begun.');
  ELSIF p_side = 'client' AND b.status = 'confirmed'
        AND p_now > b.starts_at - make_interval(hours => b.free_until_hours) THEN
    PERFORM refuse('invalid_state', format('Changes were possible until %s.',
      spoken_time(b.starts_at - make_interval(hours => b.free_until_hours), b.timezone)));
  END IF;
END $$;

-- Writes who comes: the first ones keep their names, whoever is new takes `p_option` or the first one's. Answers what
-- the booking costs by that.
CREATE OR REPLACE FUNCTION seat_guests(b bookings, p_places integer, p_option text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE s record; options text[]; prices bigint[]; agreed jsonb;
BEGIN
  SELECT x.max_participants, x.minimum_minor, EXISTS (SELECT FROM price_options o WHERE o.service_id = x.id) AS has_options
    INTO s FROM services x WHERE x.id = b.service_id;
  IF p_places > s.max_participants THEN
    PERFORM refuse('too_many_participants', format('At most %s can take part.', s.max_participants));
  END IF;
  SELECT array_agg(coalesce(p_option, p.option_name, first.option_name) ORDER BY at.position) INTO options
    FROM generate_series(1, p_places) AS at (position)
    LEFT JOIN booking_participants p ON p.booking_id = b.id AND p.position = at.position
    LEFT JOIN booking_participants first ON first.booking_id = b.id AND first.position = 1;
  SELECT coalesce(jsonb_object_agg(p.option_name, p.price_minor), '{}') INTO agreed
    FROM booking_participants p WHERE p.booking_id = b.id AND p.option_name IS NOT NULL;
  IF NOT (s.has_options AND options <@ ARRAY(SELECT jsonb_object_keys(agreed))) THEN
    prices := price_participants(b.service_id, s.has_options, options, p_places, 0);
  END IF;
  prices := ARRAY(SELECT coalesce((agreed ->> options[at])::bigint, prices[at]) FROM generate_series(1, p_places) AS at
                   ORDER BY at);
  DELETE FROM booking_participants WHERE booking_id = b.id AND position > p_places;
  UPDATE booking_participants SET option_name = options[position], price_minor = prices[position] WHERE booking_id = b.id;
  INSERT INTO booking_participants (booking_id, position, option_name, price_minor)
  SELECT b.id, at, options[at], prices[at] FROM generate_series(1, p_places) AS at
  ON CONFLICT (booking_id, position) DO NOTHING;
  UPDATE bookings SET places = p_places WHERE id = b.id;
  RETURN CASE WHEN s.has_options THEN greatest((SELECT sum(price) FROM unnest(prices) AS price), s.minimum_minor)
              ELSE b.total_minor END;
END $$;

-- Gives a booking another price. What is owed follows from it: the deposit by the service's terms while it waits to be
-- paid, a new balance after that; payments that ask for another amount are stopped, what was paid above the price goes
-- back. Answers planned operations. The caller holds lock_booking's locks.
CREATE OR REPLACE FUNCTION reprice_booking(b bookings, p_total bigint, p_by uuid, p_now timestamptz) RETURNS uuid[]
LANGUAGE plpgsql AS $$
DECLARE s record; kept bigint := b.paid_minor - b.refunded_minor; due bigint; operations uuid[] := '{}'; refunding uuid[];
BEGIN
  IF p_total = b.total_minor THEN
    RETURN operations;
  END IF;
  SELECT x.deposit_minor, x.deposit_bps INTO s FROM services x WHERE x.id = b.service_id;
  due := CASE WHEN b.status = 'confirmed' THEN least(b.due_now_minor, p_total)
    ELSE least(p_total, greatest(1, coalesce(s.deposit_minor, half_up(p_total::numeric * s.deposit_bps, 10000), p_total))) END;
  UPDATE bookings SET total_minor = p_total, due_now_minor = due, updated_at = now(),
                      commission_minor = half_up(p_total::numeric * commission_bps, 10000)
   WHERE id = b.id;
  PERFORM count_gross(b.practitioner_id, b.confirmed_at, b.currency, p_total - b.total_minor) WHERE b.status = 'confirmed';
  SELECT * INTO b FROM bookings WHERE id = b.id;
  operations := stop_asking(b, CASE WHEN b.status = 'pending' THEN due ELSE p_total END - kept, p_by);
  IF kept > p_total THEN
    SELECT r.calls INTO refunding FROM refund_booking(b, kept - p_total, 'price_changed', p_by) AS r;
    RETURN operations || refunding;
  ELSIF b.status = 'pending' AND kept >= due THEN
    PERFORM make_confirmed(b, p_now);
  END IF;
  RETURN operations;
END $$;

-- Stops open payments of a booking that ask for another amount than `p_owed`. Answers the planned operations.
CREATE OR REPLACE FUNCTION stop_asking(b bookings, p_owed bigint, p_by uuid) RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE payment uuid; operation uuid; operations uuid[] := '{}';
BEGIN
  FOR payment IN
    SELECT id FROM payments
     WHERE purpose_id = b.id AND purpose LIKE 'booking\_%' AND amount_minor <> p_owed
       AND status IN ('pending', 'requires_action', 'failed') ORDER BY created_at, id
  LOOP
    operation := new_id();
    IF plan_cancel(operation, payment, 'price_changed', p_by) = 'planned'
       AND EXISTS (SELECT FROM provider_operations WHERE id = operation) THEN
      operations := operations || operation;
    END IF;
  END LOOP;
  RETURN operations;
END $$;
