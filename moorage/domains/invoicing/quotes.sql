-- Quotes: offered with a price and an end, and accepted once.

-- Writes an open quote. A repeat with the same id changes nothing. Refuses 'forbidden', 'invalid_lines', 'not_found'
-- (the booking). Locks nothing that exists.
CREATE OR REPLACE FUNCTION make_quote(p_quote uuid, p_customer uuid, p_email text, p_name text, p_address text,
                                      p_booking uuid, p_currency text, p_lines jsonb, p_note text,
                                      p_expires_at timestamptz, p_days_until_due integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE sums record; b bookings;
BEGIN
  PERFORM check_may_invoice('Quotes are for administrators to make.');
  SELECT * INTO b FROM bookings WHERE id = p_booking AND parent_id IS NULL;
  IF p_booking IS NOT NULL AND NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such booking.');
  ELSIF p_customer IS NOT NULL AND NOT EXISTS (SELECT FROM users WHERE id = p_customer) THEN
    PERFORM refuse('not_found', 'There is no such customer.');
  ELSIF b.currency <> p_currency THEN
    PERFORM refuse('invalid_lines', 'A quote is in the currency of its booking.');
  END IF;
  sums := sum_lines(p_lines);
  INSERT INTO quotes (id, customer_id, customer_email, customer_name, customer_address, booking_id, currency, net_minor,
                      tax_minor, gross_minor, note, created_by, expires_at, days_until_due)
  VALUES (p_quote, coalesce(p_customer, b.client_id, account_at(p_email)), p_email, p_name, p_address, p_booking,
          p_currency, sums.net_minor, sums.tax_minor, sums.gross_minor, p_note, asking_user(), p_expires_at, p_days_until_due)
  ON CONFLICT (id) DO NOTHING;
  IF FOUND THEN
    INSERT INTO quote_lines SELECT p_quote, l.* FROM priced_lines(p_lines) AS l;
  END IF;
END $$;

-- The quote, locked, if it is open to who is asking: its customer, an administrator, or whoever has its link, which the
-- product has seen (`p_by_link`; nobody else is believed that). Refuses 'not_found', also to strangers.
CREATE OR REPLACE FUNCTION lock_quote(p_quote uuid, p_by_link boolean) RETURNS quotes LANGUAGE plpgsql AS $$
DECLARE q quotes;
BEGIN
  SELECT * INTO q FROM quotes WHERE id = p_quote FOR UPDATE;
  IF NOT FOUND OR NOT coalesce(p_by_link AND asking_product() OR q.customer_id = asking_user() OR asking_admin(), false)
  THEN
    PERFORM refuse('not_found', 'There is no such quote.');
  END IF;
  RETURN q;
END $$;

-- Accepts a quote, once: answers the invoice it made, the same at every repeat; NULL where it became a booking's price.
-- Refuses 'not_found', 'quote_expired', 'invalid_state' (declined, withdrawn; its booking has ended).
-- Locks: the quote, then what lock_booking locks, or the counter of the series.
CREATE OR REPLACE FUNCTION accept_quote(p_quote uuid, p_by_link boolean, p_invoice uuid, p_series text,
                                        p_now timestamptz)
RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE q quotes := lock_quote(p_quote, p_by_link);
BEGIN
  IF q.status = 'accepted' THEN
    RETURN (SELECT id FROM invoices WHERE quote_id = p_quote);
  ELSIF q.status <> 'open' THEN
    PERFORM refuse('invalid_state', format('This quote was %s.', q.status));
  ELSIF q.expires_at <= p_now THEN
    PERFORM refuse('quote_expired');
  END IF;
  UPDATE quotes SET status = 'accepted', decided_at = p_now, updated_at = now() WHERE id = p_quote;
  IF q.booking_id IS NOT NULL THEN
    PERFORM price_booking(q.booking_id, q.gross_minor, p_now);
    RETURN NULL;
  END IF;
  INSERT INTO invoices (id, customer_id, customer_email, customer_name, customer_address, currency, net_minor,
                        tax_minor, gross_minor, note, created_by, quote_id)
  VALUES (p_invoice, q.customer_id, q.customer_email, q.customer_name, q.customer_address, q.currency, q.net_minor,
          q.tax_minor, q.gross_minor, q.note, asking_user(), q.id);
  INSERT INTO invoice_lines SELECT p_invoice, l."position", l.description, l.quantity, l.unit_minor, l.tax_bps,
                                   l.tax_inclusive, l.net_minor, l.tax_minor, l.gross_minor
                              FROM quote_lines l WHERE l.quote_id = p_quote;
  PERFORM note_invoice(p_invoice, 'drafted', jsonb_build_object('quote_id', p_quote));
  PERFORM number_invoice(p_invoice, p_series, p_now + make_interval(days => q.days_until_due), p_now);
  RETURN p_invoice;
END $$;

-- Sets a booking's price as agreed in a quote, as any change of its price: what asks for another amount is stopped, what
-- was paid above it goes back. Refuses 'not_found', 'invalid_state' when it has ended. Locks what lock_booking locks.
CREATE OR REPLACE FUNCTION price_booking(p_booking uuid, p_total bigint, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE b bookings := lock_booking(p_booking);
BEGIN
  IF b.id IS NULL THEN
    PERFORM refuse('not_found', 'There is no such booking.');
  ELSIF b.status NOT IN ('pending', 'confirmed') THEN
    PERFORM refuse('invalid_state', format('The booking that this quote is for is %s.', b.status));
  END IF;
  PERFORM reprice_booking(b, p_total, asking_user(), p_now);
END $$;

-- Declines a quote; again for one that is declined: nothing. Refuses 'not_found', 'invalid_state'. Locks: the quote.
CREATE OR REPLACE FUNCTION decline_quote(p_quote uuid, p_by_link boolean, p_reason text, p_now timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE q quotes := lock_quote(p_quote, p_by_link);
BEGIN
  IF q.status IN ('accepted', 'withdrawn') THEN
    PERFORM refuse('invalid_state', format('This quote was %s.', q.status));
  ELSIF q.status = 'open' THEN
    UPDATE quotes SET status = 'declined', decided_at = p_now, decline_reason = p_reason, updated_at = now()
     WHERE id = p_quote;
  END IF;
END $$;

-- Takes an open quote back. Refuses 'forbidden', 'not_found', 'invalid_state'. Locks: the quote.
CREATE OR REPLACE FUNCTION withdraw_quote(p_quote uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE q quotes;
BEGIN
  PERFORM check_may_invoice('Quotes are for administrators to withdraw.');
  SELECT * INTO q FROM quotes WHERE id = p_quote FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such quote.');
  ELSIF q.status NOT IN ('open', 'withdrawn') THEN
    PERFORM refuse('invalid_state', format('This quote was %s.', q.status));
  ELSIF q.status = 'open' THEN
    UPDATE quotes SET status = 'withdrawn', decided_at = p_now, updated_at = now() WHERE id = p_quote;
  END IF;
END $$;
