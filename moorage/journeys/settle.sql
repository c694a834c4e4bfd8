-- Settlement: learning what became of a payment, and doing at once what follows from it. One call, one round trip, one
-- transaction. Lock order: the time's advisory lock, session rows, the booking, then the payment, then balances.

-- Locks what a payment is for, as whoever books or cancels it does. A purpose without such a thing needs no lock but
-- the payment's own.
CREATE OR REPLACE FUNCTION lock_purpose(p_purpose text, p_purpose_id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF p_purpose LIKE 'booking\_%' THEN
    PERFORM lock_booking(p_purpose_id);
  ELSIF p_purpose = 'invoice' THEN
    PERFORM lock_invoice(p_purpose_id);
  END IF;
END $$;

-- What a provider says of a payment, settled: 'moved', 'repeated', 'impossible', 'parked' (another amount, currency or
-- object than ours: for a person, nothing is paid), 'missing' (no such payment here yet). When it succeeded, what it
-- paid for is told in the same transaction. Locks: as above.
CREATE OR REPLACE FUNCTION settle_payment(p_payment uuid, p_status text, p_amount bigint, p_currency text,
                                          p_provider_ref text, p_method text, p_failure text, p_reason text,
                                          p_data jsonb, p_now timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payments; outcome text;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment;
  IF NOT FOUND THEN
    RETURN 'missing';
  ELSIF NOT fits_payment(p, p_status, p_amount, p_currency, p_provider_ref, p_data) THEN
    RETURN 'parked';
  END IF;
  IF p_status = 'succeeded' THEN
    PERFORM lock_purpose(p.purpose, p.purpose_id);
    IF p_amount < p.amount_minor THEN
      PERFORM FROM payments WHERE id = p_payment FOR UPDATE;
      PERFORM lower_payment(p_payment, p_amount);
    END IF;
  END IF;
  outcome := record_payment_status(p_payment, p_status, p_reason, p_provider_ref, p_method, p_failure, p_data);
  IF outcome = 'moved' AND p_status = 'succeeded' THEN
    PERFORM apply_payment(p.purpose, p.purpose_id, p_payment, p_amount, p_now);
  ELSIF (p_data ->> 'needs_capture')::boolean THEN
    PERFORM note_capturable(p_payment);
  ELSIF (p_data ->> 'needs_authorization')::boolean THEN
    PERFORM note_approved(p_payment);
  END IF;
  RETURN outcome;
END $$;

-- Tells what was paid for that its money has come. Whoever calls has locked it, by lock_purpose.
CREATE OR REPLACE FUNCTION apply_payment(p_purpose text, p_purpose_id uuid, p_payment uuid, p_amount bigint,
                                         p_now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF p_purpose LIKE 'booking\_%' THEN
    IF apply_booking_payment(p_purpose_id, p_payment, p_amount, p_now) <> 'refunded' THEN
      PERFORM cover_booking_invoices(p_purpose_id, p_payment, p_amount, p_now);
    END IF;
  ELSIF p_purpose = 'invoice' THEN
    PERFORM apply_invoice_payment(p_purpose_id, p_payment, p_amount, p_now);
  ELSIF is_sold_at_once(p_purpose) THEN
    PERFORM tax_sold_at_once(p_payment);
  END IF;
END $$;

-- A stored event of a payment, settled and closed in one transaction; 'missing' leaves it open for a later try.
CREATE OR REPLACE FUNCTION settle_event(p_event uuid, p_payment uuid, p_status text, p_amount bigint, p_currency text,
                                        p_provider_ref text, p_method text, p_failure text, p_reason text,
                                        p_data jsonb, p_now timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE outcome text;
BEGIN
  IF EXISTS (SELECT FROM webhook_events w, payments p
              WHERE w.id = p_event AND p.id = p_payment AND p.provider <> w.provider) THEN
    outcome := 'parked';
  ELSE
    outcome := settle_payment(p_payment, p_status, p_amount, p_currency, p_provider_ref, p_method, p_failure, p_reason,
                              p_data, p_now);
  END IF;
  IF outcome <> 'missing' THEN
    PERFORM close_event(p_event, CASE outcome WHEN 'parked' THEN 'parked' WHEN 'impossible' THEN 'ignored'
                                 ELSE 'processed' END,
                        p_status || ': ' || outcome);
  END IF;
  RETURN outcome;
END $$;

-- The answer to a call, settled and the operation closed in one transaction.
CREATE OR REPLACE FUNCTION settle_answer(p_operation uuid, p_payment uuid, p_status text, p_amount bigint,
                                         p_currency text, p_provider_ref text, p_method text, p_failure text,
                                         p_reason text, p_data jsonb, p_now timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE outcome text;
BEGIN
  outcome := settle_payment(p_payment, p_status, p_amount, p_currency, p_provider_ref, p_method, p_failure, p_reason,
                            p_data, p_now);
  PERFORM close_operation(p_operation, 'answered', p_data, CASE WHEN outcome = 'parked' THEN 'mismatch' END);
  RETURN outcome;
END $$;

-- What became of a refund, with the booking's running total when it failed. Locks: as above.
CREATE OR REPLACE FUNCTION settle_refund(p_refund uuid, p_succeeded boolean, p_provider_ref text, p_failure text,
                                         p_data jsonb) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p record; outcome text;
BEGIN
  SELECT pay.purpose, pay.purpose_id, r.amount_minor INTO p
    FROM refunds r JOIN payments pay ON pay.id = r.payment_id WHERE r.id = p_refund;
  IF NOT FOUND THEN
    RETURN 'missing';
  END IF;
  PERFORM lock_purpose(p.purpose, p.purpose_id);
  outcome := record_refund(p_refund, p_succeeded, p_provider_ref, p_failure, p_data);
  IF outcome = 'moved' AND NOT p_succeeded THEN
    PERFORM move_refunded(p.purpose, p.purpose_id, -p.amount_minor);
  END IF;
  RETURN outcome;
END $$;

-- A refund made in the provider's own dashboard, recorded once; the booking it paid for is not cancelled by that.
-- Locks: as above.
CREATE OR REPLACE FUNCTION settle_external_refund(p_refund uuid, p_payment uuid, p_amount bigint, p_provider_ref text,
                                                  p_status text, p_data jsonb) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p record; recorded uuid;
BEGIN
  SELECT purpose, purpose_id INTO p FROM payments WHERE id = p_payment;
  IF NOT FOUND THEN
    RETURN 'missing';
  END IF;
  PERFORM lock_purpose(p.purpose, p.purpose_id);
  -- Two events of one refund come at once: the second has to see what the first recorded.
  PERFORM FROM payments WHERE id = p_payment FOR UPDATE;
  SELECT r.id INTO recorded FROM refunds r WHERE r.payment_id = p_payment AND r.provider_ref = p_provider_ref;
  IF recorded IS NULL THEN
    IF p_status = 'failed' THEN
      RETURN 'repeated';  -- it never moved any money that we had recorded
    END IF;
    -- A reversal is the dispute itself by another name: its money is held already.
    IF coalesce(p_data ->> 'type', '') NOT LIKE '%.REVERSED' THEN
      PERFORM yield_disputed(p_payment, p_refund, p_amount);
    END IF;
    recorded := record_external_refund(p_refund, p_payment, p_amount, p_provider_ref);
    PERFORM move_refunded(p.purpose, p.purpose_id, p_amount);
  END IF;
  IF p_status = 'pending' THEN
    RETURN 'moved';
  END IF;
  RETURN settle_refund(recorded, p_status = 'succeeded', p_provider_ref, NULL, p_data);
END $$;

-- Moves the running total of what was given back for a booking or an invoice; whoever calls has locked it.
CREATE OR REPLACE FUNCTION move_refunded(p_purpose text, p_purpose_id uuid, p_change bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF p_purpose LIKE 'booking\_%' THEN
    UPDATE bookings SET refunded_minor = refunded_minor + p_change, updated_at = now() WHERE id = p_purpose_id;
  ELSIF p_purpose = 'invoice' THEN
    PERFORM move_invoice_refunded(p_purpose_id, p_change);
  END IF;
END $$;

SELECT run_as_engine('{
  settle_payment, settle_event, settle_answer, settle_refund, settle_external_refund}', '{moorage_worker}');
