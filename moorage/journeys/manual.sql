-- Money by hand: cash, checks, bank transfers and the like, recorded by people. No provider is called; what a provider's
-- event does otherwise, an administrator's word does here, through the same functions.

-- Records money that came (`completed`) or is to come (`pending`) by hand. The same id again is the same payment.
-- `p_excess`: what is more than is owed is refused ('overpayment'), or becomes the payer's credit, as a payment of its
-- own. Refuses also what amount_owed refuses, 'amount_mismatch'. Locks: the purpose's thing, its payments, balances.
CREATE OR REPLACE FUNCTION record_by_hand(p_payment uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint,
                                          p_currency text, p_method text, p_status text, p_excess text, p_terms jsonb,
                                          p_by uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE owing record; payer uuid := p_payer; over bigint := 0;
BEGIN
  PERFORM lock_new_payment(p_payment);
  IF EXISTS (SELECT FROM payments WHERE id = p_payment) THEN
    RETURN;
  ELSIF p_purpose <> 'free_amount' THEN
    SELECT * INTO owing FROM amount_owed(CASE WHEN p_purpose LIKE 'booking\_%' THEN 'booking_balance' ELSE p_purpose END,
                                         p_purpose_id);
    IF p_currency <> owing.currency THEN
      PERFORM refuse('amount_mismatch', format('This is paid in %s.', owing.currency));
    END IF;
    payer := coalesce(owing.payer, p_payer);
    over := greatest(0, p_amount - greatest(0, owing.owed_minor));
    IF over > 0 AND (p_excess <> 'credit' OR payer IS NULL OR over = p_amount) THEN
      PERFORM refuse('overpayment',
                     format('%s %s is owed.', money_text(greatest(0, owing.owed_minor), p_currency), p_currency));
    END IF;
  END IF;
  PERFORM open_by_hand(p_payment, p_purpose, p_purpose_id, payer, p_amount - over, p_currency, p_method, p_terms, p_by);
  IF p_status = 'completed' THEN
    PERFORM receive_by_hand(p_payment, p_by, p_now);
  END IF;
  IF over > 0 THEN
    PERFORM open_by_hand(excess_of(p_payment), 'credit', NULL, payer, over, p_currency, p_method,
                         p_terms || jsonb_build_object('metadata', jsonb_build_object('excess_of', p_payment)), p_by);
    IF p_status = 'completed' THEN
      PERFORM receive_by_hand(excess_of(p_payment), p_by, p_now);
    END IF;
  END IF;
END $$;

-- The id of the payment that holds what was more than was owed: it follows from the first one's, so that it is made once.
CREATE OR REPLACE FUNCTION excess_of(p_payment uuid) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT md5('excess:' || p_payment)::uuid
$$;

-- The payment's row with its first audit row; no call is planned.
CREATE OR REPLACE FUNCTION open_by_hand(p_payment uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint,
                                        p_currency text, p_method text, p_terms jsonb, p_by uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO payments (id, purpose, purpose_id, payer_id, amount_minor, currency, provider, provider_ref, payment_method)
  VALUES (p_payment, p_purpose, p_purpose_id, p_payer, p_amount, p_currency, 'manual', p_payment::text, p_method);
  PERFORM describe_payment(p_payment, p_terms);
  INSERT INTO payment_audit (payment_id, new_status, change_reason, changed_by)
  VALUES (p_payment, 'pending', 'recorded_by_hand', p_by);
END $$;

-- The money is here: settled as any payment is, once what else could collect the same has been stopped. The caller has
-- locked what it is for.
CREATE OR REPLACE FUNCTION receive_by_hand(p_payment uuid, p_by uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE p payments;
BEGIN
  SELECT * INTO STRICT p FROM payments WHERE id = p_payment;
  IF p.purpose NOT IN ('free_amount', 'credit') THEN
    PERFORM make_room(p.purpose, p.purpose_id, p.amount_minor, p_payment);
  END IF;
  PERFORM settle_payment(p_payment, 'succeeded', p.amount_minor, p.currency, NULL, NULL, NULL, 'received_by_hand',
                         jsonb_build_object('by', p_by), p_now);
END $$;

-- Money that was to come by hand has come. Again is harmless. Refuses 'not_found', 'not_by_hand', 'invalid_state',
-- 'overpayment' when less is owed by now. Locks as record_by_hand.
CREATE OR REPLACE FUNCTION complete_by_hand(p_payment uuid, p_by uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payments := lock_by_hand(p_payment);
BEGIN
  IF p.succeeded_at IS NOT NULL THEN
    RETURN;
  ELSIF p.status <> 'pending' THEN
    PERFORM refuse('invalid_state', format('This payment is %s.', p.status));
  ELSIF p.purpose NOT IN ('free_amount', 'credit') AND p.amount_minor >
        (SELECT owed_minor FROM amount_owed(CASE WHEN p.purpose LIKE 'booking\_%' THEN 'booking_balance' ELSE p.purpose END,
                                            p.purpose_id)) THEN
    PERFORM refuse('overpayment', 'Less than that is owed by now.');
  END IF;
  PERFORM receive_by_hand(p_payment, p_by, p_now);
  PERFORM receive_by_hand(x.id, p_by, p_now) FROM payments x WHERE x.id = excess_of(p_payment) AND x.status = 'pending';
END $$;

-- Money that was counted as here is not: a check bounced, a transfer was called back. The posting is reversed, what it
-- paid for is owed again, and the receipt is void: the payment has failed. Again is harmless. Refuses 'not_found',
-- 'not_by_hand', 'invalid_state' (never here, or given back in part), 'insufficient_balance' (credit that was made of
-- its excess is spent). Locks: the purpose's thing, the payment, balances.
CREATE OR REPLACE FUNCTION bounce_by_hand(p_payment uuid, p_reason text, p_by uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payments := lock_by_hand(p_payment);
BEGIN
  IF p.status = 'failed' THEN
    RETURN;
  ELSIF p.status NOT IN ('pending', 'succeeded') OR p.refund_pending_minor > 0 THEN
    PERFORM refuse('invalid_state', format('This payment is %s.', p.status));
  END IF;
  UPDATE payments SET status = 'failed', failure_code = 'bounced', succeeded_at = NULL, updated_at = now() WHERE id = p.id;
  INSERT INTO payment_audit (payment_id, old_status, new_status, change_reason, provider_data, changed_by)
  VALUES (p.id, p.status, 'failed', 'bounced', jsonb_build_object('reason', p_reason, 'receipt', 'void'), p_by);
  PERFORM bounce_by_hand(x.id, p_reason, p_by) FROM payments x WHERE x.id = excess_of(p.id) AND x.status <> 'canceled';
  IF p.status = 'pending' THEN
    RETURN;
  END IF;
  PERFORM reverse_earning(p.id, 'payment_reversed', 'payment', p.id, 'bounced:' || p.id, p.amount_minor, p.currency,
                          held_account(p), 'clearing:' || p.provider);
  IF p.purpose LIKE 'booking\_%' THEN
    UPDATE bookings SET paid_minor = paid_minor - p.amount_minor, updated_at = now() WHERE id = p.purpose_id;
  END IF;
  PERFORM uncount_invoice_payment(p.id);
END $$;

-- A refund by hand is handed over: settled as a provider's word would. Again is harmless. Refuses 'not_found',
-- 'not_by_hand'. Locks as settle_refund.
CREATE OR REPLACE FUNCTION hand_over(p_refund uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payments;
BEGIN
  SELECT pay.* INTO p FROM refunds r JOIN payments pay ON pay.id = r.payment_id WHERE r.id = p_refund;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such refund.');
  ELSIF p.provider <> 'manual' THEN
    PERFORM refuse('not_by_hand', 'This refund is its provider''s to make.');
  END IF;
  PERFORM settle_refund(p_refund, true, 'by_hand:' || p_refund, NULL, NULL);
END $$;

CREATE OR REPLACE FUNCTION hand_over_for_asking(p_refund uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT asking_admin() THEN
    PERFORM refuse('forbidden', 'This is for administrators.');
  END IF;
  PERFORM hand_over(p_refund);
END $$;

-- A payment by hand with what it is for, locked in that order.
CREATE OR REPLACE FUNCTION lock_by_hand(p_payment uuid) RETURNS payments LANGUAGE plpgsql AS $$
DECLARE p payments;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  ELSIF p.provider <> 'manual' THEN
    PERFORM refuse('not_by_hand', 'This payment is its provider''s to move.');
  END IF;
  PERFORM lock_purpose(p.purpose, p.purpose_id);
  SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
  RETURN p;
END $$;

-- The three for whoever is asking: an administrator. People may note for themselves that money of theirs is to come.
CREATE OR REPLACE FUNCTION record_by_hand_for_asking(p_payment uuid, p_purpose text, p_purpose_id uuid, p_payer uuid,
                                                     p_amount bigint, p_currency text, p_method text, p_status text,
                                                     p_excess text, p_terms jsonb, p_by uuid, p_now timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT asking_admin() THEN
    IF p_payer IS DISTINCT FROM asking_user() OR p_payer IS NULL OR p_status <> 'pending' THEN
      PERFORM refuse('forbidden', 'Money by hand is recorded by administrators.');
    ELSIF p_purpose LIKE 'booking\_%' AND NOT EXISTS (
            SELECT FROM bookings WHERE id = p_purpose_id AND client_id = p_payer)
       OR EXISTS (SELECT FROM payments WHERE id = p_payment AND payer_id IS DISTINCT FROM p_payer) THEN
      PERFORM refuse('not_found');
    ELSIF p_purpose = 'invoice' THEN
      PERFORM refuse('forbidden', 'Money by hand is recorded by administrators.');
    END IF;
  END IF;
  PERFORM record_by_hand(p_payment, p_purpose, p_purpose_id, p_payer, p_amount, p_currency, p_method, p_status, p_excess,
                         p_terms, asking_user(), p_now);
END $$;

CREATE OR REPLACE FUNCTION complete_by_hand_for_asking(p_payment uuid, p_by uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM check_may_move(p_payment, false);
  PERFORM complete_by_hand(p_payment, asking_user(), p_now);
END $$;

CREATE OR REPLACE FUNCTION bounce_by_hand_for_asking(p_payment uuid, p_reason text, p_by uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM check_may_move(p_payment, false);
  PERFORM bounce_by_hand(p_payment, p_reason, asking_user());
END $$;

SELECT run_as_engine('{record_by_hand, complete_by_hand, bounce_by_hand, hand_over}', '{moorage_worker}');
SELECT run_as_engine('{
  record_by_hand_for_asking, complete_by_hand_for_asking, bounce_by_hand_for_asking, hand_over_for_asking}',
  '{moorage_web, moorage_worker}');
