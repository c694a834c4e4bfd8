-- Invoices from draft to number. Lock order of this domain, after everybody else's: (0) the quote, (1) to (3) what
-- lock_booking locks, (4) an invoice that stands for itself, (5) the payment, (6) invoices of a booking, (7) the counter
-- of the series, (8) balances.

-- Whether the product itself asks: a job, or a page by its link.
CREATE OR REPLACE FUNCTION asking_product() RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(current_setting('role', true), 'none'), session_user) = 'moorage_worker'
$$;

-- Refuses 'forbidden' with that sentence to everybody but administrators and the product itself.
CREATE OR REPLACE FUNCTION check_may_invoice(p_sentence text) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT (asking_admin() OR asking_product()) THEN
    PERFORM refuse('forbidden', p_sentence);
  END IF;
END $$;

-- The tax in (inclusive) or on an amount, half-up on the minor unit, and the rest as net. As policy.split_tax.
CREATE OR REPLACE FUNCTION split_tax(p_amount bigint, p_bps integer, p_inclusive boolean, OUT net_minor bigint,
                                     OUT tax_minor bigint, OUT gross_minor bigint) LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  tax_minor := half_up(p_amount::numeric * p_bps, 10000 + CASE WHEN p_inclusive THEN p_bps ELSE 0 END);
  net_minor := CASE WHEN p_inclusive THEN p_amount - tax_minor ELSE p_amount END;
  gross_minor := net_minor + tax_minor;
END $$;

-- Lines as they are written ([{description, unit_minor, quantity, tax_bps, tax_inclusive}]), with what each comes to.
-- Refuses 'invalid_lines'.
CREATE OR REPLACE FUNCTION priced_lines(p_lines jsonb)
RETURNS TABLE ("position" smallint, description text, quantity integer, unit_minor bigint, tax_bps integer,
               tax_inclusive boolean, net_minor bigint, tax_minor bigint, gross_minor bigint)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF jsonb_typeof(p_lines) <> 'array' OR jsonb_array_length(p_lines) NOT BETWEEN 1 AND 100 THEN
    PERFORM refuse('invalid_lines');
  END IF;
  RETURN QUERY
    SELECT at::smallint, said.description, said.quantity, said.unit_minor, said.tax_bps, said.tax_inclusive,
           parts.net_minor, parts.tax_minor, parts.gross_minor
      FROM jsonb_array_elements(p_lines) WITH ORDINALITY AS line (said, at),
           LATERAL jsonb_to_record(line.said) AS said (description text, quantity integer, unit_minor bigint,
                                                       tax_bps integer, tax_inclusive boolean),
           LATERAL split_tax(said.quantity * said.unit_minor, said.tax_bps, said.tax_inclusive) AS parts;
END $$;

-- What such lines come to together, in minor units. Refuses 'invalid_lines', also where they come to nothing.
CREATE OR REPLACE FUNCTION sum_lines(p_lines jsonb, OUT net_minor bigint, OUT tax_minor bigint, OUT gross_minor bigint)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  SELECT sum(l.net_minor), sum(l.tax_minor), sum(l.gross_minor) INTO net_minor, tax_minor, gross_minor
    FROM priced_lines(p_lines) AS l;
  IF gross_minor <= 0 OR tax_minor < 0 THEN
    PERFORM refuse('invalid_lines');
  END IF;
END $$;

-- Writes down what happened to an invoice.
CREATE OR REPLACE FUNCTION note_invoice(p_invoice uuid, p_kind text, p_details jsonb DEFAULT '{}', p_by uuid DEFAULT NULL)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO invoice_events (invoice_id, kind, details, changed_by)
  VALUES (p_invoice, p_kind, p_details, coalesce(p_by, asking_user()))
$$;

-- Whose account an address is: of whoever has shown that mail to it reaches them. NULL for nobody's.
CREATE OR REPLACE FUNCTION account_at(p_email text) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT u.id FROM users u WHERE lower(u.email) = lower(p_email) AND u.email_verified_at IS NOT NULL AND u.is_active
$$;

-- Writes a draft with its lines and their sums. A repeat with the same id changes nothing. Refuses 'forbidden',
-- 'invalid_lines'. Locks nothing that exists.
CREATE OR REPLACE FUNCTION draft_invoice(p_invoice uuid, p_customer uuid, p_email text, p_name text, p_address text,
                                         p_booking uuid, p_currency text, p_lines jsonb, p_note text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE sums record;
BEGIN
  PERFORM check_may_invoice('Invoices are for administrators to write.');
  IF p_customer IS NOT NULL AND NOT EXISTS (SELECT FROM users WHERE id = p_customer) THEN
    PERFORM refuse('not_found', 'There is no such customer.');
  END IF;
  sums := sum_lines(p_lines);
  INSERT INTO invoices (id, customer_id, customer_email, customer_name, customer_address, booking_id, currency,
                        net_minor, tax_minor, gross_minor, note, created_by)
  VALUES (p_invoice, coalesce(p_customer, account_at(p_email)), p_email, p_name, p_address, p_booking, p_currency,
          sums.net_minor, sums.tax_minor, sums.gross_minor, p_note, asking_user())
  ON CONFLICT (id) DO NOTHING;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  INSERT INTO invoice_lines SELECT p_invoice, l.* FROM priced_lines(p_lines) AS l;
  PERFORM note_invoice(p_invoice, 'drafted');
END $$;

-- Gives a draft its number and asks for its money by `p_due_at`; answers the number, again for one that has it.
-- Refuses 'forbidden', 'not_found'. Locks: the invoice, then the counter.
CREATE OR REPLACE FUNCTION finalize_invoice(p_invoice uuid, p_series text, p_due_at timestamptz, p_now timestamptz)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM check_may_invoice('Invoices are for administrators to write.');
  RETURN number_invoice(p_invoice, p_series, p_due_at, p_now);
END $$;

-- The next number is taken from the series' one counter row, which stays locked until the transaction ends: whoever
-- rolls back gives the number back, and there is no gap. Locks: the invoice, then the counter.
CREATE OR REPLACE FUNCTION number_invoice(p_invoice uuid, p_series text, p_due_at timestamptz, p_now timestamptz)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE i invoices; next_no bigint;
BEGIN
  SELECT * INTO i FROM invoices WHERE id = p_invoice FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such invoice.');
  ELSIF i.status <> 'draft' THEN
    RETURN i.number;
  END IF;
  INSERT INTO invoice_series AS s (series, last_no) VALUES (p_series, 1)
  ON CONFLICT (series) DO UPDATE SET last_no = s.last_no + 1 RETURNING last_no INTO next_no;
  UPDATE invoices SET status = 'open', series = p_series, no = next_no, issued_at = p_now, due_at = p_due_at,
                      number = p_series || '-' || lpad(next_no::text, greatest(5, length(next_no::text)), '0'),
                      updated_at = now()
   WHERE id = p_invoice RETURNING * INTO i;
  PERFORM note_invoice(p_invoice, 'issued', jsonb_build_object('number', i.number));
  RETURN i.number;
END $$;

-- Bills what a booking owes now: one invoice of one line, with its number. The booking's open invoice that says the same
-- amount is answered again; another one is voided, being out of date. Answers the invoice's id.
-- Refuses 'forbidden', 'not_found', 'invalid_state' (cancelled), 'nothing_owed'.
-- Locks: what lock_booking locks, then the booking's invoices, then the counter.
CREATE OR REPLACE FUNCTION bill_booking(p_invoice uuid, p_booking uuid, p_series text, p_due_at timestamptz,
                                        p_now timestamptz) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE b bookings; owed bigint; earlier invoices; client users;
BEGIN
  PERFORM check_may_invoice('Invoices are for administrators to write.');
  b := lock_booking(p_booking);
  owed := b.total_minor - (b.paid_minor - b.refunded_minor);
  IF b.id IS NULL THEN
    PERFORM refuse('not_found', 'There is no such booking.');
  ELSIF b.status = 'cancelled' THEN
    PERFORM refuse('invalid_state', 'This booking was cancelled.');
  ELSIF owed <= 0 THEN
    PERFORM refuse('nothing_owed', 'Nothing is owed for this booking.');
  END IF;
  FOR earlier IN SELECT * FROM invoices WHERE booking_id = b.id AND status IN ('open', 'uncollectible')
                  ORDER BY id FOR UPDATE LOOP
    IF earlier.gross_minor - earlier.paid_minor = owed THEN
      RETURN earlier.id;
    END IF;
    PERFORM close_invoice(earlier.id, 'replaced', p_now);
  END LOOP;
  SELECT * INTO STRICT client FROM users WHERE id = b.client_id;
  PERFORM draft_invoice(p_invoice, b.client_id, client.email,
    concat_ws(' ', nullif(client.first_name, ''), nullif(client.last_name, '')), coalesce(b.address, ''), b.id,
    b.currency,
    jsonb_build_array(jsonb_build_object(
      'description', CASE WHEN owed < b.total_minor THEN 'Balance: ' ELSE '' END || describe_booking(b.id),
      'quantity', 1, 'unit_minor', owed, 'tax_inclusive', true, 'tax_bps',
      CASE WHEN EXISTS (SELECT FROM practitioners p WHERE p.id = b.practitioner_id AND p.is_house)
           THEN own_tax_bps() ELSE 0 END)), '');
  PERFORM finalize_invoice(p_invoice, p_series, p_due_at, p_now);
  RETURN p_invoice;
END $$;
