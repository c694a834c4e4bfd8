-- Refunds: reserved and posted when planned, before the provider is called; put back when the provider says no.

-- Why a payment cannot give back `p_amount` now, as a refusal; returns when it can. The caller has locked it.
CREATE OR REPLACE FUNCTION check_refundable(p payments, p_amount bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE left_minor bigint := p.amount_minor - p.refunded_minor - p.refund_pending_minor;
BEGIN
  IF p.status = 'disputed' THEN
    PERFORM refuse('payment_disputed', 'This payment is disputed: the provider holds the money until it is decided.');
  ELSIF p.status NOT IN ('succeeded', 'partially_refunded', 'refunded') THEN
    PERFORM refuse('not_refundable', format('This payment is %s: there is nothing to give back.', p.status));
  ELSIF p_amount <= 0 THEN
    PERFORM refuse('invalid_amount', 'A refund is more than nothing.');
  ELSIF p_amount > left_minor THEN
    PERFORM refuse('refund_exceeds_payment', format('%s %s is left to refund.', money_text(left_minor, p.currency), p.currency));
  END IF;
END $$;

-- Plans a refund: reserves the amount (never more than is left, whoever asks at once), posts it, and writes the call.
-- Refuses 'refund_exceeds_payment', 'not_refundable', 'payment_disputed'. Locks: the payment's row, the earning's row,
-- then balances.
CREATE OR REPLACE FUNCTION plan_refund(p_refund uuid, p_operation uuid, p_payment uuid, p_amount bigint, p_reason text,
                                       p_by uuid DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payments;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  END IF;
  PERFORM check_refundable(p, p_amount);
  INSERT INTO refunds (id, payment_id, amount_minor, currency, reason, requested_by)
  VALUES (p_refund, p_payment, p_amount, p.currency, p_reason, p_by);
  UPDATE payments SET refund_pending_minor = refund_pending_minor + p_amount, updated_at = now() WHERE id = p_payment;
  PERFORM post_refund(p_refund, p, p_amount);
  PERFORM plan_operation(p_operation, p.provider, 'refund', p_payment, p_refund);
END $$;

-- The refund's posting: from where the money lies (earned, or held) to the provider's clearing account.
CREATE OR REPLACE FUNCTION post_refund(p_refund uuid, p payments, p_amount bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM reverse_earning(p.id, 'refund', 'refund', p_refund, 'refund:' || p_refund, p_amount, p.currency,
                          held_account(p), 'clearing:' || p.provider);
  IF p.tax_minor > 0 THEN
    UPDATE refunds SET tax_minor = taxed_by('refund:' || p_refund) WHERE id = p_refund;
  END IF;
END $$;

-- Writes what became of a refund: 'moved' or 'repeated'. Failed: the reservation is released and the posting reversed
-- (the first one stays); also when it had succeeded before, which providers do. A failed one stays failed: when the
-- provider pays it after all, it is told apart as 'impossible' for a person. Locks: the payment's row, the refund's,
-- the earning's, then balances.
CREATE OR REPLACE FUNCTION record_refund(p_refund uuid, p_succeeded boolean, p_provider_ref text DEFAULT NULL,
                                         p_failure text DEFAULT NULL, p_data jsonb DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r refunds; p payments; status_now text := CASE WHEN p_succeeded THEN 'succeeded' ELSE 'failed' END;
BEGIN
  SELECT p1.* INTO p FROM payments p1 JOIN refunds r1 ON r1.payment_id = p1.id WHERE r1.id = p_refund FOR UPDATE OF p1;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such refund.');
  END IF;
  SELECT * INTO r FROM refunds WHERE id = p_refund FOR UPDATE;
  IF p_succeeded AND r.status <> 'failed' THEN
    PERFORM post_further_fees('refund', p_refund, p.provider, p_data -> 'fees');
  END IF;
  IF r.status = status_now THEN
    RETURN 'repeated';
  ELSIF r.status = 'failed' THEN
    RETURN 'impossible';
  END IF;
  UPDATE refunds SET status = status_now, provider_ref = coalesce(provider_ref, p_provider_ref),
                     failure_code = p_failure, updated_at = now() WHERE id = p_refund;
  UPDATE payments SET
    refund_pending_minor = refund_pending_minor - CASE WHEN r.status = 'pending' THEN r.amount_minor ELSE 0 END,
    refunded_minor = refunded_minor + CASE WHEN p_succeeded THEN r.amount_minor
                                           WHEN r.status = 'succeeded' THEN -r.amount_minor ELSE 0 END,
    updated_at = now()
  WHERE id = p.id;
  IF NOT p_succeeded THEN
    PERFORM restore_earning(p.id, 'refund:' || p_refund, 'refund_failed:' || p_refund, r.amount_minor);
  END IF;
  PERFORM restate_payment(p.id, CASE WHEN p_succeeded THEN 'refund' ELSE 'refund_failed' END, p_data, r.requested_by);
  IF NOT p_succeeded THEN
    PERFORM hold_freed(p.id, p_refund, p_data);
  END IF;
  RETURN 'moved';
END $$;

-- Notes the provider's id of a refund that it has taken but not finished. Locks: the refund's row.
CREATE OR REPLACE FUNCTION note_refund_reference(p_refund uuid, p_provider_ref text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE refunds SET provider_ref = p_provider_ref, updated_at = now() WHERE id = p_refund AND provider_ref IS NULL
$$;

-- Records a refund that was made in the provider's own dashboard, once per provider's id: answers its id here, NULL
-- when it was recorded before. Refuses as `plan_refund` does when the books cannot hold it; 'not_refundable' when they
-- may later. Locks as `plan_refund`.
CREATE OR REPLACE FUNCTION record_external_refund(p_refund uuid, p_payment uuid, p_amount bigint, p_provider_ref text)
RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payments;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  ELSIF EXISTS (SELECT FROM refunds WHERE payment_id = p_payment AND provider_ref = p_provider_ref) THEN
    RETURN NULL;
  END IF;
  -- Told here by hand before the provider told it: the same refund, and now its id is known.
  UPDATE refunds SET provider_ref = p_provider_ref, updated_at = now()
   WHERE id = (SELECT id FROM refunds WHERE payment_id = p_payment AND origin = 'external' AND status = 'succeeded'
                  AND provider_ref IS NULL AND amount_minor = p_amount ORDER BY created_at LIMIT 1)
     AND p_provider_ref IS NOT NULL;
  IF FOUND THEN
    RETURN NULL;
  END IF;
  -- The provider gave away what refunds of ours under way have reserved: it will refuse one of these, and then there is room.
  IF p.refund_pending_minor > 0 AND p_amount > p.amount_minor - p.refunded_minor - p.refund_pending_minor THEN
    PERFORM refuse('not_refundable', 'Refunds of this payment are under way, and there is not enough for all of them.');
  END IF;
  -- Made before a dispute of the rest, and heard of after it.
  IF p.status <> 'disputed'
     OR p_amount > p.amount_minor - p.refunded_minor - p.refund_pending_minor - p.disputed_minor THEN
    PERFORM check_refundable(p, p_amount);
  END IF;
  INSERT INTO refunds (id, payment_id, amount_minor, currency, reason, provider_ref, origin)
  VALUES (p_refund, p_payment, p_amount, p.currency, 'external', p_provider_ref, 'external');
  UPDATE payments SET refund_pending_minor = refund_pending_minor + p_amount, updated_at = now() WHERE id = p_payment;
  PERFORM post_refund(p_refund, p, p_amount);
  RETURN p_refund;
END $$;
