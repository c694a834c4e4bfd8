-- Mails to both sides of a booking, each once per cause; written in the transaction of what they tell.

-- An instant as a person reads it: in a zone's wall time, which is named, by the same zone data as everything else.
CREATE OR REPLACE FUNCTION spoken_time(p_at timestamptz, p_zone text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT to_char(coalesce(wall_time(p_zone, p_at), p_at AT TIME ZONE 'UTC'), 'FMDay, FMDD FMMonth YYYY "at" HH24:MI')
         || ' (' || CASE WHEN wall_time(p_zone, p_at) IS NULL THEN 'UTC' ELSE p_zone END || ')'
$$;

-- An amount with its currency: 8000, USD -> "80.00 USD".
CREATE OR REPLACE FUNCTION spoken_amount(p_minor bigint, p_currency text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT money_text(p_minor, p_currency) || ' ' || p_currency
$$;

-- Tells client and practitioner what became of a booking: 'confirmed', 'rescheduled', 'cancelled', or to the client
-- alone 'not_available' (paid late, time gone). One mail per side, event and time moved.
CREATE OR REPLACE FUNCTION tell_booking(p_booking uuid, p_event text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE t record; subject text; line text;
BEGIN
  SELECT b.*, s.title, p.display_name, p.timezone AS practitioner_zone, p.user_id AS practitioner_user,
         c.email AS client_email, concat_ws(' ', nullif(c.first_name, ''), nullif(c.last_name, '')) AS client_name,
         o.email AS practitioner_email
    INTO STRICT t
    FROM bookings b JOIN services s ON s.id = b.service_id JOIN practitioners p ON p.id = b.practitioner_id
    JOIN users c ON c.id = b.client_id JOIN users o ON o.id = p.user_id
   WHERE b.id = p_booking;
  subject := CASE p_event WHEN 'confirmed' THEN 'Confirmed: ' WHEN 'rescheduled' THEN 'New time: '
                          WHEN 'cancelled' THEN 'Cancelled: ' ELSE 'No longer free: ' END || t.title;
  line := CASE p_event
    WHEN 'confirmed' THEN CASE WHEN t.total_minor = 0 THEN 'Nothing is to be paid.'
      WHEN t.paid_minor = 0 THEN 'To be paid at the appointment: ' || spoken_amount(t.total_minor, t.currency) || '.'
      WHEN t.paid_minor < t.total_minor THEN 'Paid: ' || spoken_amount(t.paid_minor, t.currency) || ' of '
                                             || spoken_amount(t.total_minor, t.currency) || '.'
      ELSE 'Paid: ' || spoken_amount(t.paid_minor, t.currency) || '.' END
    WHEN 'cancelled' THEN CASE WHEN t.refunded_minor > 0
      THEN 'On its way back: ' || spoken_amount(t.refunded_minor, t.currency) || '.' ELSE 'Nothing is to be paid back.' END
    WHEN 'not_available' THEN 'The payment came after the hold had expired, and the time was taken by then. '
                              'The whole amount is on its way back.'
    ELSE 'Everything else stays as agreed.' END;
  PERFORM queue_mail(t.client_id, t.client_email, subject,
    concat_ws(E'\n', t.title || ' with ' || t.display_name, spoken_time(t.starts_at, t.timezone), line,
              'Booking ' || t.id),
    format('booking_%s:%s:%s:client', p_event, t.id, t.reschedule_count));
  IF p_event <> 'not_available' THEN
    PERFORM queue_mail(t.practitioner_user, t.practitioner_email, subject,
      concat_ws(E'\n', t.title || ' for ' || t.client_name, spoken_time(t.starts_at, t.practitioner_zone), line,
                nullif(t.special_requests, ''), 'Booking ' || t.id),
      format('booking_%s:%s:%s:practitioner', p_event, t.id, t.reschedule_count));
  END IF;
END $$;

-- What a payment for a booking is for, in a line that its payer reads on the provider's page; NULL when there is none.
CREATE OR REPLACE FUNCTION describe_booking(p_booking uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT s.title || ' with ' || p.display_name || ', ' || spoken_time(b.starts_at, b.timezone)
    FROM bookings b JOIN services s ON s.id = b.service_id JOIN practitioners p ON p.id = b.practitioner_id
   WHERE b.id = p_booking
$$;
