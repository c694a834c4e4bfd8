-- Starting a payment for whatever is owed, and moving it by hand: collecting what is reserved, cancelling, refunding.
-- Each comes in two: one for whoever is asking, which looks who that is, and one for the product itself.

-- What is owed for a purpose now, and who owes it; locks the thing, as whoever settles it does. `is_priced` says that
-- only the whole of it may be paid. Refuses 'not_found', 'invalid_state', 'hold_expired', 'not_supported'.
CREATE OR REPLACE FUNCTION amount_owed(p_purpose text, p_purpose_id uuid, OUT owed_minor bigint, OUT currency text,
                                       OUT payer uuid, OUT is_priced boolean) LANGUAGE plpgsql AS $$
DECLARE b bookings; owing record;
BEGIN
  IF p_purpose LIKE 'booking\_%' THEN
    b := lock_booking(p_purpose_id);
    IF b.id IS NULL THEN
      PERFORM refuse('not_found', 'There is no such booking.');
    END IF;
    PERFORM check_payable(b);
    owed_minor := CASE WHEN p_purpose = 'booking_deposit' AND b.status = 'pending' THEN b.due_now_minor
                       ELSE b.total_minor END - (b.paid_minor - b.refunded_minor);
    currency := b.currency;
    payer := b.client_id;
    is_priced := p_purpose IN ('booking_full', 'booking_deposit');
  ELSIF p_purpose = 'invoice' THEN
    SELECT * INTO owing FROM invoice_owed(p_purpose_id);
    owed_minor := owing.owed_minor;
    currency := owing.currency;
    payer := owing.payer;
    is_priced := false;
  ELSE
    PERFORM refuse('not_supported', format('A payment for %s cannot be started like this.', p_purpose));
  END IF;
END $$;

-- Refuses unless `p_amount` is what a purpose owes, or a part of it where parts may be paid. Answers who owes it.
CREATE OR REPLACE FUNCTION check_owed(p_purpose text, p_purpose_id uuid, p_amount bigint, p_currency text) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE owing record;
BEGIN
  SELECT * INTO owing FROM amount_owed(p_purpose, p_purpose_id);
  IF owing.owed_minor <= 0 THEN
    PERFORM refuse('invalid_state', 'Nothing is owed for this.');
  ELSIF p_currency <> owing.currency THEN
    PERFORM refuse('amount_mismatch', format('This is paid in %s.', owing.currency));
  ELSIF p_amount > owing.owed_minor OR owing.is_priced AND p_amount <> owing.owed_minor THEN
    PERFORM refuse('amount_mismatch', format('%s %s is owed.', money_text(owing.owed_minor, owing.currency), owing.currency));
  END IF;
  RETURN owing.payer;
END $$;

-- Two who open the same payment at once come one after the other. Before all other locks: nobody holds one of these and
-- waits for another's.
CREATE OR REPLACE FUNCTION lock_new_payment(p_payment uuid) RETURNS void LANGUAGE sql AS $$
  SELECT pg_advisory_xact_lock(hashtextextended('payment:' || p_payment, 0))
$$;

-- Opens a payment for what a purpose owes, and plans making the provider's object. The same id again is the same
-- payment. What other attempts could collect besides, beyond what is owed, is stopped first. `p_terms` as
-- describe_payment takes them. Refuses 'amount_mismatch' and what amount_owed refuses. Locks: the purpose's thing, then
-- its payments.
CREATE OR REPLACE FUNCTION open_for_purpose(p_payment uuid, p_operation uuid, p_purpose text, p_purpose_id uuid,
                                            p_payer uuid, p_amount bigint, p_currency text, p_provider text,
                                            p_terms jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE payer uuid := p_payer;
BEGIN
  PERFORM lock_new_payment(p_payment);
  IF EXISTS (SELECT FROM payments WHERE id = p_payment) THEN
    RETURN;
  END IF;
  IF NOT is_sold_at_once(p_purpose) THEN
    payer := coalesce(check_owed(p_purpose, p_purpose_id, p_amount, p_currency), p_payer);
    PERFORM make_room(p_purpose, p_purpose_id, p_amount);
  END IF;
  PERFORM open_payment(p_payment, p_operation, p_purpose, p_purpose_id, payer, p_amount, p_currency, p_provider);
  PERFORM describe_payment(p_payment, p_terms);
  IF p_purpose LIKE 'booking\_%' THEN  -- What holds a time waits no longer than the hold does.
    UPDATE payments p SET expires_at = least(p.expires_at, b.hold_expires_at) FROM bookings b
     WHERE p.id = p_payment AND p.expires_at IS NOT NULL AND b.id = p_purpose_id AND b.status = 'pending';
  END IF;
  PERFORM foresee_tax(p_payment);
END $$;

-- Stops open attempts (but `p_but`) that, together with `p_amount`, could collect more than is owed. One whose
-- money is on its way is left, and refuses a second one beside it ('invalid_state').
CREATE OR REPLACE FUNCTION make_room(p_purpose text, p_purpose_id uuid, p_amount bigint, p_but uuid DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE attempt payments; room bigint;
BEGIN
  SELECT owed_minor INTO room FROM amount_owed(CASE p_purpose WHEN 'booking_deposit' THEN 'booking_balance' ELSE p_purpose END,
                                               p_purpose_id);
  room := room - p_amount;
  FOR attempt IN
    SELECT * FROM payments p WHERE p.purpose_id = p_purpose_id AND p.id IS DISTINCT FROM p_but
       AND p.status IN ('pending', 'requires_action', 'processing', 'failed')
       AND (p.mode <> 'invoice' OR p.status = 'processing')  -- a hosted invoice stays open until money comes
       AND NOT EXISTS (SELECT FROM provider_operations o WHERE o.payment_id = p.id AND o.kind = 'cancel')
     ORDER BY (p.status = 'processing') DESC, p.created_at DESC, p.id DESC FOR UPDATE
  LOOP
    IF attempt.status <> 'failed' AND attempt.amount_minor <= room
       AND NOT (p_purpose = 'booking_deposit' AND attempt.purpose = p_purpose) THEN  -- a deposit is paid once
      room := room - attempt.amount_minor;
    ELSIF attempt.status = 'processing' THEN
      PERFORM refuse('invalid_state', 'A payment of this is being processed.');
    ELSE
      PERFORM plan_cancel(new_id(), attempt.id, 'replaced', asking_user());
    END IF;
  END LOOP;
END $$;

-- open_for_purpose for whoever is asking: people pay what is theirs, as themselves; administrators start payments for
-- anybody; somebody who is not signed in pays free amounts only.
CREATE OR REPLACE FUNCTION open_for_asking(p_payment uuid, p_operation uuid, p_purpose text, p_purpose_id uuid,
                                           p_payer uuid, p_amount bigint, p_currency text, p_provider text,
                                           p_terms jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE asking uuid := asking_user();
BEGIN
  IF NOT asking_admin() THEN
    IF p_payer IS DISTINCT FROM asking THEN
      PERFORM refuse('forbidden', 'You pay for yourself.');
    ELSIF p_purpose LIKE 'booking\_%' AND NOT EXISTS (
            SELECT FROM bookings WHERE id = p_purpose_id AND client_id = asking) THEN
      PERFORM refuse('not_found', 'There is no such booking.');
    ELSIF p_purpose = 'invoice' AND NOT EXISTS (SELECT FROM invoices WHERE id = p_purpose_id AND customer_id = asking) THEN
      PERFORM refuse('not_found', 'There is no such invoice.');
    ELSIF asking IS NULL AND p_purpose <> 'free_amount' THEN
      PERFORM refuse('not_found');
    ELSIF EXISTS (SELECT FROM payments WHERE id = p_payment AND payer_id IS DISTINCT FROM asking) THEN
      PERFORM refuse('not_found');
    END IF;
  END IF;
  PERFORM open_for_purpose(p_payment, p_operation, p_purpose, p_purpose_id, p_payer, p_amount, p_currency, p_provider,
                           p_terms);
END $$;

-- Refuses unless whoever is asking may move this payment: an administrator any, its payer where `p_own`. Another's is
-- not there for them.
CREATE OR REPLACE FUNCTION check_may_move(p_payment uuid, p_own boolean) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF asking_admin() THEN
    RETURN;
  ELSIF NOT EXISTS (SELECT FROM payments WHERE id = p_payment AND payer_id = asking_user()) THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  ELSIF NOT p_own THEN
    PERFORM refuse('forbidden', 'This is for administrators.');
  END IF;
END $$;

-- plan_capture for whoever is asking: a payer completes what they approved; what is reserved is an administrator's to
-- collect.
CREATE OR REPLACE FUNCTION capture_for_asking(p_operation uuid, p_payment uuid, p_amount bigint) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM check_may_move(p_payment, EXISTS (SELECT FROM payments WHERE id = p_payment AND capture_method = 'automatic'));
  RETURN plan_capture(p_operation, p_payment, p_amount);
END $$;

-- Cancels a payment of which nothing was collected: answers the operation to carry out, NULL when it needs none.
-- Refuses 'not_found', 'invalid_state' (collected, over, or being collected at this moment). Locks: the payment's row.
CREATE OR REPLACE FUNCTION cancel_open_payment(p_operation uuid, p_payment uuid, p_reason text, p_by uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payments; running uuid;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  ELSIF p.status = 'canceled' THEN
    RETURN NULL;
  ELSIF p.status NOT IN ('pending', 'requires_action', 'processing', 'failed') THEN
    PERFORM refuse('invalid_state', format('This payment is %s: it cannot be cancelled.', p.status));
  ELSIF EXISTS (SELECT FROM provider_operations o WHERE o.payment_id = p_payment AND o.kind = 'capture'
                   AND o.status IN ('planned', 'called', 'unknown')) THEN
    PERFORM refuse('invalid_state', 'This payment is being collected at this moment.');
  END IF;
  PERFORM plan_cancel(p_operation, p_payment, p_reason, p_by);
  SELECT o.id INTO running FROM provider_operations o
   WHERE o.payment_id = p_payment AND o.kind = 'cancel' AND o.status IN ('planned', 'called', 'unknown');
  RETURN running;
END $$;

-- cancel_open_payment for whoever is asking: its payer or an administrator.
CREATE OR REPLACE FUNCTION cancel_for_asking(p_operation uuid, p_payment uuid, p_reason text, p_by uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM check_may_move(p_payment, true);
  RETURN cancel_open_payment(p_operation, p_payment, p_reason, asking_user());
END $$;

-- Plans a refund of `p_amount` (NULL: all that is left) with the running total of what was paid for. The same id again
-- is the same refund. Refuses what plan_refund refuses. Locks: the purpose's thing, then as plan_refund.
CREATE OR REPLACE FUNCTION refund_for_purpose(p_refund uuid, p_operation uuid, p_payment uuid, p_amount bigint,
                                              p_reason text, p_notes text, p_by uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payments; amount bigint;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  END IF;
  PERFORM lock_purpose(p.purpose, p.purpose_id);
  SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
  IF EXISTS (SELECT FROM refunds WHERE id = p_refund) THEN
    RETURN;
  END IF;
  amount := coalesce(p_amount, p.amount_minor - p.refunded_minor - p.refund_pending_minor);
  IF p_amount IS NULL AND amount = 0 AND p.status IN ('succeeded', 'partially_refunded', 'refunded') THEN
    PERFORM refuse('refund_exceeds_payment', 'Nothing is left to refund.');
  END IF;
  PERFORM plan_refund(p_refund, p_operation, p_payment, amount, p_reason, p_by);
  UPDATE refunds SET notes = p_notes WHERE id = p_refund AND p_notes IS NOT NULL;
  PERFORM move_refunded(p.purpose, p.purpose_id, amount);
END $$;

-- refund_for_purpose for an administrator who is asking.
CREATE OR REPLACE FUNCTION refund_for_asking(p_refund uuid, p_operation uuid, p_payment uuid, p_amount bigint,
                                             p_reason text, p_notes text, p_by uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM check_may_move(p_payment, false);
  PERFORM refund_for_purpose(p_refund, p_operation, p_payment, p_amount, p_reason, p_notes, asking_user());
END $$;

SELECT run_as_engine('{open_for_purpose, cancel_open_payment, refund_for_purpose}', '{moorage_worker}');
SELECT run_as_engine('{open_for_asking, capture_for_asking, cancel_for_asking, refund_for_asking}',
  '{moorage_web, moorage_worker}');
