-- Holding a time, a place or a course: one call, one round trip, its own transaction.

-- What `hold_booking` answers. `repeated`: the booking with this id existed already, and nothing was done.
-- `prices_minor`: each participant's share where options are priced per participant, else zeros.
DROP TYPE IF EXISTS held_booking;
CREATE TYPE held_booking AS (
  repeated boolean, status text, practitioner_id uuid, session_id uuid, starts_at timestamptz, ends_at timestamptz,
  timezone text, currency text, total_minor bigint, due_now_minor bigint, commission_minor bigint,
  free_until_hours integer, late_fee_bps integer, hold_expires_at timestamptz, names text[], emails text[],
  prices_minor bigint[], payment_id uuid, has_children boolean, created_at timestamptz
);

-- The marketplace's commission in basis points for a month in which `p_gross` minor units were confirmed so far:
-- the last tier whose threshold (whole units, ascending) is below it.
CREATE OR REPLACE FUNCTION commission_rate(p_gross bigint, p_currency text, p_bps integer, p_above bigint[],
                                           p_tier_bps integer[]) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  FOR tier IN REVERSE coalesce(cardinality(p_above), 0)..1 LOOP
    IF p_gross > p_above[tier] * 10::numeric ^ currency_exponent(p_currency) THEN
      RETURN p_tier_bps[tier];
    END IF;
  END LOOP;
  RETURN p_bps;
END $$;

-- Holds what a client chose and opens the payment for what is due now; a booking that costs nothing is confirmed at
-- once. `p_id` names the booking: the same client's repeat is answered with what exists. `p_family` is the sign-in
-- that the client's token descends from. `p_starts` (session, or a workshop's date), `p_session` (a workshop's date by
-- id) or neither (a course). `p_ends` may be NULL; otherwise it must be the end. `p_options` has one element per
-- participant, NULL for none; `p_names` and `p_emails` likewise; all NULL books one place for the client.
-- `p_above` and `p_tier_bps` are the commission's tiers. `p_address`: where the practitioner comes to.
-- A pending hold of the same client on the same service at an overlapping time is replaced.
-- Refuses: invalid_token, not_found, service_unavailable, own_service, too_many_participants, option_required,
-- unknown_option, invalid_range, slot_unavailable.
-- Locks: the practitioner's time, or the session rows by id; then holds that are released, as bookings.
CREATE OR REPLACE FUNCTION hold_booking(
  p_id uuid, p_client uuid, p_family uuid, p_now timestamptz,
  p_service uuid, p_starts timestamptz, p_ends timestamptz, p_session uuid, p_timezone text,
  p_names text[], p_emails text[], p_options text[], p_requests text,
  p_payment uuid, p_operation uuid, p_provider text,
  p_hold_minutes integer, p_bps integer, p_above bigint[], p_tier_bps integer[], p_address text DEFAULT NULL
) RETURNS held_booking LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  o record; a held_booking; places integer := coalesce(cardinality(p_options), 1); bps integer; free boolean;
  wanted uuid[];
BEGIN
  SELECT s.id, s.service_type, s.is_active, s.price_minor, s.minimum_minor, s.currency,
         s.deposit_bps, s.deposit_minor, s.free_until_hours, s.late_fee_bps, s.duration_minutes, s.max_participants,
         s.buffer_before_minutes, s.buffer_after_minutes,
         s.min_notice_minutes, p.id AS practitioner_id, p.resource_no, p.user_id, p.timezone, p.is_house,
         p.commission_bps, p.verification_status, u.is_active AS client_active, u.email,
         concat_ws(' ', nullif(u.first_name, ''), nullif(u.last_name, '')) AS name,
         p_family IS NULL OR (f.id IS NOT NULL AND f.revoked_at IS NULL) AS signed_in,
         coalesce(m.gross_minor, 0) AS month_gross, x.client_id AS held_by,
         EXISTS (SELECT FROM price_options po WHERE po.service_id = s.id) AS has_options
    INTO o
    FROM users u
    LEFT JOIN refresh_families f ON f.id = p_family AND f.user_id = u.id
    LEFT JOIN services s ON s.id = p_service
    LEFT JOIN practitioners p ON p.id = s.practitioner_id
    LEFT JOIN practitioner_months m
      ON m.practitioner_id = p.id AND m.month = month_of(p_now) AND m.currency = s.currency
    LEFT JOIN bookings x ON x.id = p_id
   WHERE u.id = p_client;
  IF NOT FOUND OR NOT o.client_active OR NOT o.signed_in THEN
    PERFORM refuse('invalid_token', 'This account is signed out or closed.');
  ELSIF o.held_by = p_client THEN
    RETURN repeated_hold(p_id);
  ELSIF o.held_by IS NOT NULL OR o.id IS NULL THEN
    PERFORM refuse('not_found', 'There is no such service.');
  ELSIF NOT o.is_active OR o.verification_status <> 'verified' THEN
    PERFORM refuse('service_unavailable', 'This service cannot be booked.');
  ELSIF o.user_id = p_client THEN
    PERFORM refuse('own_service', 'This is your own service; block the time instead of booking it.');
  ELSIF o.service_type = 'session' AND places > o.max_participants THEN
    PERFORM refuse('too_many_participants', format('At most %s can take part.', o.max_participants));
  ELSIF (o.service_type = 'course') <> (p_starts IS NULL AND p_session IS NULL)
        OR (o.service_type = 'session' AND p_starts IS NULL) THEN
    PERFORM refuse('invalid_start', 'A session is booked by its start, a workshop by its start or session, a course whole.');
  END IF;

  a.names := coalesce(p_names, ARRAY[o.name]);
  a.emails := coalesce(p_emails, ARRAY[o.email]);
  IF o.has_options OR p_options IS NOT NULL THEN
    a.prices_minor := price_participants(p_service, o.has_options, p_options, places,
                                         CASE WHEN o.service_type = 'session' THEN 0 ELSE o.price_minor END);
  ELSE
    a.prices_minor := ARRAY[CASE WHEN o.service_type = 'session' THEN 0 ELSE o.price_minor END];
  END IF;
  IF o.service_type = 'session' AND NOT o.has_options THEN
    a.total_minor := o.price_minor;
  ELSE
    a.total_minor := (SELECT sum(price) FROM unnest(a.prices_minor) AS price);
    IF o.has_options THEN
      a.total_minor := greatest(a.total_minor, o.minimum_minor);
    END IF;
  END IF;
  a.due_now_minor := CASE WHEN a.total_minor = 0 THEN 0
    ELSE least(a.total_minor,
               greatest(1, coalesce(o.deposit_minor, round(a.total_minor::numeric * o.deposit_bps / 10000), a.total_minor)))
    END;
  bps := CASE WHEN o.is_house THEN 0 ELSE o.commission_bps END;
  IF bps IS NULL THEN
    bps := CASE WHEN o.month_gross = 0 THEN p_bps
                ELSE commission_rate(o.month_gross, o.currency, p_bps, p_above, p_tier_bps) END;
  END IF;
  a.commission_minor := round(a.total_minor::numeric * bps / 10000);
  a.status := CASE WHEN a.total_minor = 0 THEN 'confirmed' ELSE 'pending' END;
  a.hold_expires_at := CASE WHEN a.total_minor > 0 THEN now() + make_interval(mins => p_hold_minutes) END;
  a.payment_id := CASE WHEN a.total_minor > 0 THEN p_payment END;

  IF o.service_type = 'session' THEN
    a.starts_at := p_starts;
    a.ends_at := p_starts + make_interval(mins => o.duration_minutes);
    free := take_time(p_id, p_client, p_service, o.resource_no, p_starts, a.ends_at, o.buffer_before_minutes,
                      o.buffer_after_minutes, p_now, a.hold_expires_at);
  ELSE
    SELECT taken.* INTO free, wanted, a.starts_at, a.ends_at
      FROM take_places(p_id, p_client, p_service, o.service_type, p_session, p_starts, places,
                       p_now + make_interval(mins => o.min_notice_minutes)) AS taken;
    a.has_children := o.service_type = 'course';
    a.session_id := CASE WHEN NOT a.has_children THEN wanted[1] END;
  END IF;
  -- Two calls with one id at once: the second waited for the lock, and finds what the first wrote.
  IF NOT free AND EXISTS (SELECT FROM bookings WHERE id = p_id AND client_id = p_client) THEN
    RETURN repeated_hold(p_id);
  ELSIF NOT free THEN
    PERFORM refuse('slot_unavailable', 'That time is not free.');
  END IF;
  IF a.ends_at <> p_ends THEN
    PERFORM refuse('invalid_range', 'The end is not where this service ends.');
  END IF;

  a.practitioner_id := o.practitioner_id;
  a.timezone := coalesce(p_timezone, o.timezone);
  a.currency := o.currency;
  a.free_until_hours := o.free_until_hours;
  a.late_fee_bps := o.late_fee_bps;
  a.created_at := now();
  INSERT INTO bookings (id, service_id, practitioner_id, client_id, session_id, status, starts_at, ends_at, timezone,
                        places, currency, total_minor, due_now_minor, commission_bps, commission_minor,
                        free_until_hours, late_fee_bps, buffer_before_minutes, buffer_after_minutes, special_requests,
                        address, hold_expires_at, confirmed_at)
  VALUES (p_id, p_service, a.practitioner_id, p_client, a.session_id, a.status, a.starts_at, a.ends_at, a.timezone,
          places, a.currency, a.total_minor, a.due_now_minor, bps, a.commission_minor,
          a.free_until_hours, a.late_fee_bps, o.buffer_before_minutes, o.buffer_after_minutes, p_requests,
          p_address, a.hold_expires_at, CASE WHEN a.total_minor = 0 THEN p_now END);
  IF places = 1 THEN
    INSERT INTO booking_participants (booking_id, position, name, email, option_name, price_minor)
    VALUES (p_id, 1, coalesce(a.names[1], ''), a.emails[1], p_options[1], a.prices_minor[1]);
  ELSE
    INSERT INTO booking_participants (booking_id, position, name, email, option_name, price_minor)
    SELECT p_id, at, coalesce(a.names[at], ''), a.emails[at], p_options[at], a.prices_minor[at]
      FROM generate_series(1, places) AS at;
  END IF;
  IF a.has_children THEN
    PERFORM enrol_children(p_id, wanted);
  END IF;
  IF a.total_minor > 0 THEN
    PERFORM open_payment(p_payment, p_operation,
                         CASE WHEN a.due_now_minor < a.total_minor THEN 'booking_deposit' ELSE 'booking_full' END,
                         p_id, p_client, a.due_now_minor, a.currency, p_provider);
  ELSE
    PERFORM tell_booking(p_id, 'confirmed');
  END IF;
  RETURN a;
END $$;

-- The answer to a repeat: the status alone says that the rest is to be read.
CREATE OR REPLACE FUNCTION repeated_hold(p_id uuid) RETURNS held_booking LANGUAGE plpgsql STABLE AS $$
DECLARE a held_booking;
BEGIN
  a.repeated := true;
  SELECT b.status INTO a.status FROM bookings b WHERE b.id = p_id;
  RETURN a;
END $$;

-- What each participant costs: their option where the service has options (each must name one), else `p_each`.
CREATE OR REPLACE FUNCTION price_participants(p_service uuid, p_has_options boolean, p_options text[], p_places integer,
                                              p_each bigint) RETURNS bigint[] LANGUAGE plpgsql STABLE AS $$
DECLARE prices bigint[]; missing boolean; unknown text;
BEGIN
  IF NOT p_has_options THEN
    SELECT named INTO unknown FROM unnest(p_options) AS named WHERE named IS NOT NULL LIMIT 1;
    IF unknown IS NOT NULL THEN
      PERFORM refuse('unknown_option', 'This service has no price options.');
    END IF;
    RETURN array_fill(p_each, ARRAY[p_places]);
  END IF;
  SELECT array_agg(po.price_minor ORDER BY line.at), bool_or(line.named IS NULL),
         min(line.named) FILTER (WHERE po.id IS NULL)
    INTO prices, missing, unknown
    FROM unnest(coalesce(p_options, ARRAY[NULL::text])) WITH ORDINALITY AS line (named, at)
    LEFT JOIN price_options po ON po.service_id = p_service AND po.name = line.named;
  IF missing THEN
    PERFORM refuse('option_required', 'Each participant of this service chooses a price option.');
  ELSIF unknown IS NOT NULL THEN
    PERFORM refuse('unknown_option', 'This service has no such price option.');
  END IF;
  RETURN prices;
END $$;
