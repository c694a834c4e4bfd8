-- Payments: the state table and the one function that moves a payment along it. refunds.sql, disputes.sql and inbox.sql
-- hold what comes after; security.sql the policies. Lock order: the payment's row, then the ledger's balances; whoever
-- also needs a booking has locked it before.

-- money.md's state table: every move that exists, and who makes it. 'provider' moves follow what a provider tells;
-- 'refund' and 'dispute' moves follow our own books, 'manual' ones a person's word. Late success after failed or canceled is honoured: money arrived.
CREATE OR REPLACE FUNCTION payment_moves() RETURNS TABLE (from_status text, to_status text, mover text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  VALUES
    ('pending', 'requires_action', 'provider'), ('pending', 'processing', 'provider'),
    ('pending', 'succeeded', 'provider'), ('pending', 'failed', 'provider'), ('pending', 'canceled', 'provider'),
    ('requires_action', 'pending', 'provider'), ('requires_action', 'processing', 'provider'),
    ('requires_action', 'succeeded', 'provider'), ('requires_action', 'failed', 'provider'),
    ('requires_action', 'canceled', 'provider'),
    ('processing', 'requires_action', 'provider'), ('processing', 'succeeded', 'provider'),
    ('processing', 'failed', 'provider'), ('processing', 'canceled', 'provider'),
    -- Declined, then tried again with another method.
    ('failed', 'pending', 'provider'), ('failed', 'requires_action', 'provider'), ('failed', 'processing', 'provider'),
    ('failed', 'succeeded', 'provider'), ('failed', 'canceled', 'provider'),
    ('canceled', 'succeeded', 'provider'),
    ('succeeded', 'partially_refunded', 'refund'), ('succeeded', 'refunded', 'refund'),
    ('partially_refunded', 'refunded', 'refund'), ('partially_refunded', 'succeeded', 'refund'),
    ('refunded', 'partially_refunded', 'refund'), ('refunded', 'succeeded', 'refund'),
    ('succeeded', 'disputed', 'dispute'), ('partially_refunded', 'disputed', 'dispute'),
    ('disputed', 'succeeded', 'dispute'), ('disputed', 'partially_refunded', 'dispute'),
    ('disputed', 'refunded', 'dispute'), ('disputed', 'charged_back', 'dispute'),
    -- All of it was being refunded while the dispute was lost, and the refund failed.
    ('succeeded', 'charged_back', 'dispute'), ('partially_refunded', 'charged_back', 'dispute'),
    -- A check that bounced.
    ('succeeded', 'failed', 'manual')
$$;

-- What a provider's word does to a payment: 'moved', 'repeated' (it is there already) or 'impossible'.
CREATE OR REPLACE FUNCTION payment_move(p_from text, p_to text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN p_from = p_to THEN 'repeated'
    -- Refunds and disputes come after success, so success has been told.
    WHEN p_to = 'succeeded' AND p_from IN ('partially_refunded', 'refunded', 'disputed', 'charged_back') THEN 'repeated'
    WHEN EXISTS (SELECT FROM payment_moves() m
                  WHERE m.from_status = p_from AND m.to_status = p_to AND m.mover = 'provider') THEN 'moved'
    ELSE 'impossible' END
$$;

-- Whether what is paid for can no longer fall through: a sale as soon as the money is here.
CREATE OR REPLACE FUNCTION is_sold_at_once(p_purpose text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT p_purpose IN ('free_amount', 'subscription')
$$;

-- The account that keeps what a payer paid until it is earned. What is sold at once is earned at once. Bought credit is
-- the payer's.
CREATE OR REPLACE FUNCTION held_account(p payments) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN p.purpose LIKE 'booking\_%' THEN 'held:bookings' WHEN is_sold_at_once(p.purpose) THEN 'sales'
              WHEN p.purpose = 'credit' THEN 'credit:' || p.payer_id ELSE 'held:' || p.purpose END
$$;

-- Opens a payment: the row, its first audit row, the planned call that makes the provider's object, and the job that
-- makes the call. Locks nothing that exists.
CREATE OR REPLACE FUNCTION open_payment(p_id uuid, p_operation_id uuid, p_purpose text, p_purpose_id uuid, p_payer uuid,
                                        p_amount bigint, p_currency text, p_provider text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO payments (id, purpose, purpose_id, payer_id, amount_minor, currency, provider)
  VALUES (p_id, p_purpose, p_purpose_id, p_payer, p_amount, p_currency, p_provider);
  INSERT INTO payment_audit (payment_id, new_status, change_reason, changed_by)
  VALUES (p_id, 'pending', 'opened', p_payer);
  PERFORM plan_operation(p_operation_id, p_provider, 'create', p_id);
END $$;

-- Writes the intent to call a provider, and the job that will: the call itself comes after the commit.
CREATE OR REPLACE FUNCTION plan_operation(p_operation_id uuid, p_provider text, p_kind text, p_payment uuid,
                                          p_refund uuid DEFAULT NULL, p_request jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO provider_operations (id, provider, kind, payment_id, refund_id, request)
  VALUES (p_operation_id, p_provider, p_kind, p_payment, p_refund, p_request);
  PERFORM enqueue_job('carry_out', jsonb_build_object('operation_id', p_operation_id), 'operation:' || p_operation_id);
END $$;

-- The one function that moves a payment to what a provider (or the payer, or expiry) says. Answers 'moved', 'repeated'
-- or 'impossible'; the last two change no status. Success posts clearing -> held once. What the call taught besides
-- (the provider's id, the method, `client_secret` and `checkout_url` in `p_data`) is kept. Locks: the payment's row.
CREATE OR REPLACE FUNCTION record_payment_status(p_payment uuid, p_new text, p_reason text, p_provider_ref text DEFAULT NULL,
                                                 p_method text DEFAULT NULL, p_failure text DEFAULT NULL,
                                                 p_data jsonb DEFAULT NULL, p_changed_by uuid DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payments; outcome text;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  END IF;
  outcome := payment_move(p.status, p_new);
  IF outcome <> 'moved' AND (p_provider_ref IS NULL OR p.provider_ref IS NOT NULL) THEN
    IF p_new = 'failed' AND p.status = 'failed' AND p_failure <> p.failure_code THEN  -- declined again, for another reason
      UPDATE payments SET failure_code = p_failure, payment_method = coalesce(p_method, payment_method), updated_at = now()
       WHERE id = p_payment;
    END IF;
    IF p_data ?| ARRAY['ids', 'expires_at', 'tax_minor'] THEN
      PERFORM learn_payment(p_payment, p_data);
      PERFORM post_tax(p_payment) WHERE p_data ? 'tax_minor';
    END IF;
    IF p_data ? 'fee_minor' THEN
      PERFORM post_fee(p_payment, (p_data ->> 'fee_minor')::bigint, p_data ->> 'fee_currency');
    END IF;
    RETURN outcome;
  END IF;
  UPDATE payments SET
    status = CASE WHEN outcome = 'moved' THEN p_new ELSE status END,
    provider_ref = coalesce(provider_ref, p_provider_ref),
    client_secret = coalesce(client_secret, p_data ->> 'client_secret'),
    checkout_url = coalesce(checkout_url, p_data ->> 'checkout_url'),
    provider_ids = coalesce(provider_ids || (p_data -> 'ids'), provider_ids),
    expires_at = coalesce((p_data ->> 'expires_at')::timestamptz, expires_at),
    tax_minor = coalesce((p_data ->> 'tax_minor')::bigint, tax_minor),
    payment_method = CASE WHEN outcome = 'moved' THEN coalesce(p_method, payment_method) ELSE payment_method END,
    -- What was declined, and is then given up or goes back to its payer, keeps why.
    failure_code = CASE WHEN outcome <> 'moved' OR p_new = 'canceled' THEN failure_code
                        WHEN p_new IN ('failed', 'requires_action') THEN p_failure END,
    succeeded_at = CASE WHEN outcome = 'moved' AND p_new = 'succeeded' THEN now() ELSE succeeded_at END,
    updated_at = now()
  WHERE id = p_payment;
  IF outcome = 'moved' THEN
    INSERT INTO payment_audit (payment_id, old_status, new_status, change_reason, provider_data, changed_by)
    VALUES (p_payment, p.status, p_new, p_reason, p_data, p_changed_by);
    IF p_new = 'succeeded' THEN
      PERFORM post(new_id(), 'payment', 'payment', p_payment, 'payment:' || p_payment, p.currency,
                   ARRAY['clearing:' || p.provider, held_account(p)], ARRAY[p.amount_minor, -p.amount_minor]);
      IF p.tax_minor > 0 OR p_data ? 'tax_minor' THEN
        PERFORM post_tax(p_payment);
      END IF;
    END IF;
  END IF;
  IF p_data ? 'fee_minor' THEN
    PERFORM post_fee(p_payment, (p_data ->> 'fee_minor')::bigint, p_data ->> 'fee_currency');
  END IF;
  RETURN outcome;
END $$;

-- Keeps what a provider told of a payment besides its state: further ids, until when it can be paid, tax. Writes nothing
-- that is known. The caller has locked it.
CREATE OR REPLACE FUNCTION learn_payment(p_payment uuid, p_data jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE payments
     SET provider_ids = provider_ids || coalesce(p_data -> 'ids', '{}'),
         expires_at = coalesce((p_data ->> 'expires_at')::timestamptz, expires_at),
         tax_minor = coalesce((p_data ->> 'tax_minor')::bigint, tax_minor), updated_at = now()
   WHERE id = p_payment
     AND NOT (provider_ids @> coalesce(p_data -> 'ids', '{}')
              AND expires_at IS NOT DISTINCT FROM coalesce((p_data ->> 'expires_at')::timestamptz, expires_at)
              AND tax_minor = coalesce((p_data ->> 'tax_minor')::bigint, tax_minor));
END $$;

-- Takes the tax that a provider calculated out of what was sold at once, once, when both are known. What is paid for a
-- booking or an invoice has its tax from there.
CREATE OR REPLACE FUNCTION post_tax(p_payment uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM record_receipt(p.id, 'payment', p.id, p.amount_minor, p.tax_minor, p.currency, 'sales')
     FROM payments p
    WHERE p.id = p_payment AND is_sold_at_once(p.purpose) AND p.succeeded_at IS NOT NULL AND p.tax_minor > 0
      AND p.refunded_minor = 0 AND p.refund_pending_minor = 0;
END $$;

-- Posts what the provider keeps of a payment for itself, once: the first word of it counts. A fee of a payment that has
-- not succeeded here yet waits for the event that tells of both. `p_currency`: that of our account at the provider, where
-- the fee is booked; NULL for the payment's own.
CREATE OR REPLACE FUNCTION post_fee(p_payment uuid, p_fee bigint, p_currency text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE p payments;
BEGIN
  UPDATE payments SET fee_minor = p_fee, fee_currency = coalesce(p_currency, currency), updated_at = now()
   WHERE id = p_payment AND fee_minor IS NULL AND succeeded_at IS NOT NULL RETURNING * INTO p;
  IF FOUND AND p_fee <> 0 THEN
    PERFORM post(new_id(), 'provider_fee', 'payment', p_payment, 'fee:' || p_payment, p.fee_currency,
                 ARRAY['provider_fees', 'clearing:' || p.provider], ARRAY[p_fee, -p_fee]);
  END IF;
END $$;

-- Posts what a provider keeps for a dispute, gives back of that, or gives back of its fee with a refund (`p_type`, `p_id`:
-- which one): each of its bookings once, in whichever order they are told. `p_fees`: a list of {reference, amount_minor,
-- currency}; NULL for none.
CREATE OR REPLACE FUNCTION post_further_fees(p_type text, p_id uuid, p_provider text, p_fees jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM post(new_id(), p_type || '_fee', p_type, p_id, format('%s_fee:%s:%s', p_type, p_provider, f.reference), f.currency,
               ARRAY['provider_fees', 'clearing:' || p_provider], ARRAY[f.amount_minor, -f.amount_minor])
     FROM jsonb_to_recordset(p_fees) AS f (reference text, amount_minor bigint, currency text)
    WHERE f.amount_minor <> 0;
END $$;

-- Where a payment stands after success, from its own totals: the status that refunds and disputes lead to.
CREATE OR REPLACE FUNCTION payment_standing(p payments) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN p.status = 'charged_back' THEN 'charged_back'
    WHEN EXISTS (SELECT FROM disputes d WHERE d.payment_id = p.id AND d.status = 'lost' AND d.held_minor > 0)
      THEN 'charged_back'
    WHEN EXISTS (SELECT FROM disputes d WHERE d.payment_id = p.id AND d.closed_at IS NULL AND d.held_minor > 0)
      THEN 'disputed'
    WHEN p.refunded_minor = p.amount_minor THEN 'refunded'
    WHEN p.refunded_minor > 0 THEN 'partially_refunded'
    ELSE 'succeeded' END
$$;

-- Moves a payment to where its totals say it stands, with the audit row. The caller has locked and changed it.
CREATE OR REPLACE FUNCTION restate_payment(p_payment uuid, p_reason text, p_data jsonb, p_changed_by uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payments; standing text;
BEGIN
  SELECT * INTO STRICT p FROM payments WHERE id = p_payment;
  standing := payment_standing(p);
  IF standing = p.status THEN
    RETURN;
  END IF;
  IF NOT EXISTS (SELECT FROM payment_moves() m WHERE m.from_status = p.status AND m.to_status = standing) THEN
    PERFORM refuse('invalid_state', format('A payment that is %s cannot become %s.', p.status, standing));
  END IF;
  UPDATE payments SET status = standing, updated_at = now() WHERE id = p_payment;
  INSERT INTO payment_audit (payment_id, old_status, new_status, change_reason, provider_data, changed_by)
  VALUES (p_payment, p.status, standing, p_reason, p_data, p_changed_by);
END $$;

-- Sees to it that an open payment can collect nothing any more. Never called at the provider: canceled at once. Else
-- the call is planned and its answer decides: the money may be on its way, and late success is honoured. Answers
-- 'canceled', 'planned' or 'closed' (nothing was open). Locks: the payment's row, then its operations.
CREATE OR REPLACE FUNCTION plan_cancel(p_operation uuid, p_payment uuid, p_reason text DEFAULT 'canceled',
                                       p_by uuid DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payments;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
  IF NOT FOUND OR p.status NOT IN ('pending', 'requires_action', 'processing', 'failed') THEN
    RETURN 'closed';
  END IF;
  UPDATE provider_operations SET status = 'abandoned', updated_at = now()
   WHERE payment_id = p_payment AND status = 'planned' AND attempts = 0 AND kind IN ('create', 'confirm', 'authorize', 'capture');
  -- What was recorded by hand goes by our own id: nobody else knows of it.
  IF coalesce(p.provider_ref, p.id::text) = p.id::text AND NOT EXISTS (SELECT FROM provider_operations o
       WHERE o.payment_id = p_payment AND o.status IN ('planned', 'called', 'unknown', 'answered')) THEN
    PERFORM record_payment_status(p_payment, 'canceled', p_reason, NULL, NULL, NULL, NULL, p_by);
    RETURN 'canceled';
  END IF;
  IF NOT EXISTS (SELECT FROM provider_operations o WHERE o.payment_id = p_payment AND o.kind = 'cancel'
                    AND o.status IN ('planned', 'called', 'unknown')) THEN
    PERFORM plan_operation(p_operation, p.provider, 'cancel', p_payment, NULL, jsonb_build_object('reason', p_reason));
  END IF;
  RETURN 'planned';
END $$;

-- Plans charging a method that the payer named. One at a time per payment: answers the operation under way when there
-- is one, else `p_operation`. Refuses 'invalid_state' when nothing can be collected, or its cancelling is under way.
-- Locks: the payment's row.
CREATE OR REPLACE FUNCTION plan_confirm(p_operation uuid, p_payment uuid, p_method text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payments; running uuid;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  END IF;
  SELECT id INTO running FROM provider_operations
   WHERE payment_id = p_payment AND kind = 'confirm' AND status IN ('planned', 'called', 'unknown');
  IF FOUND THEN
    RETURN running;
  END IF;
  IF p.status NOT IN ('pending', 'requires_action', 'failed') OR EXISTS (
       SELECT FROM provider_operations o WHERE o.payment_id = p_payment AND o.kind = 'cancel' AND o.status <> 'abandoned') THEN
    PERFORM refuse('invalid_state', format('This payment is %s: it cannot be paid.', p.status));
  END IF;
  INSERT INTO provider_operations (id, provider, kind, payment_id, request)
  VALUES (p_operation, p.provider, 'confirm', p_payment, jsonb_build_object('payment_method', p_method));
  RETURN p_operation;
END $$;
