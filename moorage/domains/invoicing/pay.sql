-- Money for invoices: what is owed, and what a payment that came does.

-- Locks an invoice for whoever settles, refunds or voids; NULL when there is none.
CREATE OR REPLACE FUNCTION lock_invoice(p_invoice uuid) RETURNS invoices
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT * FROM invoices WHERE id = p_invoice FOR UPDATE
$$;

-- What is open of an invoice, in its currency's minor units: nothing unless it has been issued and not ended. Of a
-- booking's invoice no more than the booking still owes.
CREATE OR REPLACE FUNCTION open_of_invoice(i invoices) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT CASE
    WHEN i.status NOT IN ('open', 'uncollectible') THEN 0
    WHEN i.booking_id IS NULL THEN i.gross_minor - i.paid_minor
    ELSE (SELECT CASE WHEN b.status = 'cancelled' OR b.status = 'pending' AND b.hold_expires_at <= now() THEN 0
                 ELSE greatest(0, least(i.gross_minor - i.paid_minor, b.total_minor - b.paid_minor + b.refunded_minor)) END
            FROM bookings b WHERE b.id = i.booking_id) END
$$;

-- What a payment for an invoice may collect, and who owes it. A booking's invoice is paid by paying the booking, so that
-- its policy covers the money. Refuses 'not_found', 'invalid_state'. Locks: the invoice.
CREATE OR REPLACE FUNCTION invoice_owed(p_invoice uuid, OUT owed_minor bigint, OUT currency text, OUT payer uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE i invoices := lock_invoice(p_invoice);
BEGIN
  IF i.id IS NULL THEN
    PERFORM refuse('not_found', 'There is no such invoice.');
  ELSIF i.booking_id IS NOT NULL THEN
    PERFORM refuse('invalid_state', 'This invoice is of a booking: pay the balance of that.');
  ELSIF i.status NOT IN ('open', 'uncollectible') THEN
    PERFORM refuse('invalid_state', format('This invoice is %s.', i.status));
  END IF;
  owed_minor := open_of_invoice(i);
  currency := i.currency;
  payer := i.customer_id;
END $$;

-- Writes down that money of an invoice was given back (below zero: that giving it back failed). The invoice stays as
-- it is, numbered and paid: the refund is its credit. What is refunded is read off its payments.
CREATE OR REPLACE FUNCTION move_invoice_refunded(p_invoice uuid, p_change bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT note_invoice(p_invoice, 'refunded', jsonb_build_object('amount_minor', p_change))
$$;

-- One payment for an invoice has succeeded: held:invoice -> sales and tax_payable by the running total of what is paid,
-- and the invoice is paid when nothing is left. Money that it has no use for (paid already, void, too much) goes back
-- whole. Answers 'paid', 'part_paid' or 'refunded'. Locks: the invoice, then balances; the caller holds the payment.
CREATE OR REPLACE FUNCTION apply_invoice_payment(p_invoice uuid, p_payment uuid, p_amount bigint, p_now timestamptz)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE i invoices := lock_invoice(p_invoice); currency text; tax bigint;
BEGIN
  SELECT p.currency INTO STRICT currency FROM payments p WHERE p.id = p_payment;
  IF i.id IS NULL OR i.booking_id IS NOT NULL OR i.currency <> currency
     OR i.status NOT IN ('open', 'uncollectible') OR i.paid_minor + p_amount > i.gross_minor THEN
    PERFORM plan_refund(new_id(), new_id(), p_payment, p_amount, 'invoice_' || coalesce(i.status, 'missing'), NULL);
    RETURN 'refunded';
  END IF;
  tax := half_up(i.tax_minor::numeric * (i.paid_minor + p_amount), i.gross_minor)
         - half_up(i.tax_minor::numeric * i.paid_minor, i.gross_minor);
  PERFORM record_receipt(p_payment, 'invoice', i.id, p_amount, tax, i.currency, 'held:invoice');
  UPDATE payments SET tax_minor = tax WHERE id = p_payment AND tax_minor <> tax;
  RETURN count_invoice_payment(i, p_payment, p_amount, p_now);
END $$;

-- Counts a payment for an invoice; its customer gets a receipt when it is paid. A provider that hosts it would still
-- ask for all of it: unless that is what was paid, it is voided there. Once nothing is owed, nothing else is collected
-- either: whoever pays at the provider does not stop what was begun here. The caller holds its row.
CREATE OR REPLACE FUNCTION count_invoice_payment(i invoices, p_payment uuid, p_amount bigint, p_now timestamptz)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE is_paid boolean := i.paid_minor + p_amount = i.gross_minor;
BEGIN
  INSERT INTO invoice_payments (invoice_id, payment_id, amount_minor) VALUES (i.id, p_payment, p_amount);
  UPDATE invoices SET paid_minor = paid_minor + p_amount, updated_at = now(),
                      status = CASE WHEN is_paid THEN 'paid' ELSE status END,
                      paid_at = CASE WHEN is_paid THEN p_now END
   WHERE id = i.id;
  PERFORM note_invoice(i.id, CASE WHEN is_paid THEN 'paid' ELSE 'part_paid' END,
                       jsonb_build_object('payment_id', p_payment, 'amount_minor', p_amount));
  PERFORM stop_hosting(i.id, 'paid_otherwise', p_payment);
  IF is_paid THEN
    PERFORM stop_collecting(coalesce(i.booking_id, i.id), 'paid_otherwise')
      WHERE NOT EXISTS (SELECT FROM bookings b WHERE b.id = i.booking_id
                           AND b.total_minor > b.paid_minor - b.refunded_minor);
    PERFORM enqueue_job('mail_receipt', jsonb_build_object('invoice_id', i.id, 'payment_id', p_payment),
                        'mail_receipt:' || p_payment);
  END IF;
  RETURN CASE WHEN is_paid THEN 'paid' ELSE 'part_paid' END;
END $$;

-- A payment that a booking kept is counted for its open invoices too, the oldest first. The money itself went where the
-- booking's money goes. Locks: the booking's invoices; the caller holds the booking and the payment.
CREATE OR REPLACE FUNCTION cover_booking_invoices(p_booking uuid, p_payment uuid, p_amount bigint, p_now timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE i invoices; left_minor bigint := p_amount; part bigint;
BEGIN
  FOR i IN SELECT * FROM invoices WHERE booking_id = p_booking AND status IN ('open', 'uncollectible')
            ORDER BY no FOR UPDATE LOOP
    part := least(left_minor, i.gross_minor - i.paid_minor);
    EXIT WHEN part <= 0;
    PERFORM count_invoice_payment(i, p_payment, part, p_now);
    left_minor := left_minor - part;
  END LOOP;
END $$;

-- A payment that was counted did not come after all (a check bounced): what it was counted for is open again, and its
-- receipt void. Answers nothing; the caller has reversed the posting. Locks: the invoices; the caller holds the payment.
CREATE OR REPLACE FUNCTION uncount_invoice_payment(p_payment uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE i invoices; counted bigint;
BEGIN
  FOR i IN SELECT x.* FROM invoices x
            WHERE x.id IN (SELECT c.invoice_id FROM invoice_payments c WHERE c.payment_id = p_payment)
            ORDER BY x.no FOR UPDATE LOOP
    DELETE FROM invoice_payments WHERE invoice_id = i.id AND payment_id = p_payment RETURNING amount_minor INTO counted;
    UPDATE invoices SET paid_minor = paid_minor - counted, paid_at = NULL, updated_at = now(),
                        status = CASE status WHEN 'paid' THEN 'open' ELSE status END
     WHERE id = i.id;
    PERFORM note_invoice(i.id, 'bounced', jsonb_build_object('payment_id', p_payment, 'amount_minor', counted));
    PERFORM queue_mail(i.customer_id, invoice_address(i), 'Open again: invoice ' || i.number,
      format('The payment of %s for invoice %s did not come through. '
             'Any receipt for it is void, and the amount is owed again.',
             spoken_amount(counted, i.currency), i.number),
      format('invoice_bounced:%s:%s', i.id, p_payment)) WHERE i.status <> 'void';
  END LOOP;
END $$;

-- Where mail about an invoice goes: the address on it, else the account's.
CREATE OR REPLACE FUNCTION invoice_address(i invoices) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce(i.customer_email, (SELECT u.email FROM users u WHERE u.id = i.customer_id))
$$;
