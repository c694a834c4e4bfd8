-- Collecting: which payment collects what is owed, and charging a method for it. Both act for whoever is asking.

-- The payment that collects what a booking owes now, for its client: the open one, or a new attempt when the last one
-- failed or was canceled, or when the balance of a deposit is due. What another attempt (failed, of another provider,
-- of another amount) could still collect is stopped. Refuses 'not_found' (also for another's booking),
-- 'invalid_state', 'hold_expired'. Locks: what lock_booking locks, then the payments' rows.
CREATE OR REPLACE FUNCTION collect_for_booking(p_payment uuid, p_operation uuid, p_booking uuid, p_provider text,
                                               p_default_provider text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE b bookings; attempt payments; owed bigint;
BEGIN
  b := lock_booking(p_booking);
  IF b.id IS NULL OR b.client_id IS DISTINCT FROM asking_user() THEN
    PERFORM refuse('not_found', 'There is no such booking.');
  END IF;
  PERFORM check_payable(b);
  owed := CASE b.status WHEN 'pending' THEN b.due_now_minor ELSE b.total_minor END 
          - (b.paid_minor - b.refunded_minor);
  IF owed <= 0 THEN
    PERFORM refuse('invalid_state', 'Nothing is owed for this booking.');
  END IF;
  FOR attempt IN
    SELECT * FROM payments p WHERE p.purpose_id = b.id AND p.status IN ('pending', 'requires_action', 'processing', 'failed')
       AND (p.mode <> 'invoice' OR p.status = 'processing')  -- a hosted invoice stays open until money comes
       AND NOT EXISTS (SELECT FROM provider_operations o WHERE o.payment_id = p.id AND o.kind = 'cancel')
     ORDER BY p.created_at DESC, p.id DESC FOR UPDATE
  LOOP
    IF attempt.status = 'processing' OR attempt.status <> 'failed' AND attempt.amount_minor = owed
       AND attempt.provider = coalesce(p_provider, attempt.provider) THEN
      RETURN attempt.id;
    END IF;
    PERFORM plan_cancel(new_id(), attempt.id, 'replaced', asking_user());
  END LOOP;
  PERFORM open_payment(p_payment, p_operation,
    CASE WHEN b.status <> 'pending' THEN 'booking_balance' WHEN owed < b.total_minor THEN 'booking_deposit'
         ELSE 'booking_full' END,
    b.id, b.client_id, owed, b.currency, coalesce(p_provider, p_default_provider));
  RETURN p_payment;
END $$;

-- Refuses when a booking can no longer be paid for.
CREATE OR REPLACE FUNCTION check_payable(b bookings) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF b.status = 'cancelled' AND b.cancel_kind = 'expired' OR b.status = 'pending' AND b.hold_expires_at <= now() THEN
    PERFORM refuse('hold_expired', 'The time was kept for you until its hold expired: book again.');
  ELSIF b.status = 'cancelled' THEN
    PERFORM refuse('invalid_state', 'This booking was cancelled.');
  END IF;
END $$;

-- Plans charging a method that the payer named, for a payment of whoever is asking: answers the operation to carry
-- out, which is one under way when there is one. Refuses 'not_found', 'invalid_state', 'hold_expired'. Locks: what
-- lock_booking locks, then the payment's row.
CREATE OR REPLACE FUNCTION confirm_for_payer(p_operation uuid, p_payment uuid, p_method text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p record;
BEGIN
  SELECT purpose, purpose_id INTO p FROM payments WHERE id = p_payment AND payer_id = asking_user();
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  ELSIF p.purpose LIKE 'booking\_%' THEN
    PERFORM check_payable(lock_booking(p.purpose_id));
  END IF;
  RETURN plan_confirm(p_operation, p_payment, p_method);
END $$;

-- Stops collecting what nobody paid, for bookings that ended and for whatever else has passed its own time, once whoever
-- was paying late has had `p_patience`: the provider is told, and money that is on its way even then is honoured. Answers
-- how many. Locks: the payments' rows, skipping those that somebody has.
CREATE OR REPLACE FUNCTION cancel_stale_payments(p_patience interval, p_limit integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE stale uuid; stopped integer := 0;
BEGIN
  FOR stale IN
    SELECT p.id FROM payments p LEFT JOIN bookings b ON b.id = p.purpose_id AND p.purpose LIKE 'booking\_%'
     WHERE p.status IN ('pending', 'requires_action')
       AND (b.status = 'cancelled' AND b.cancelled_at < now() - p_patience OR p.expires_at < now() - p_patience)
       AND NOT EXISTS (SELECT FROM provider_operations o WHERE o.payment_id = p.id AND o.kind = 'cancel')
     ORDER BY p.id LIMIT p_limit FOR UPDATE OF p SKIP LOCKED
  LOOP
    PERFORM plan_cancel(new_id(), stale, 'expiry');
    stopped := stopped + 1;
  END LOOP;
  RETURN stopped;
END $$;

SELECT run_as_engine('{collect_for_booking, confirm_for_payer}', '{moorage_web, moorage_worker}');
SELECT run_as_engine('{cancel_stale_payments}', '{moorage_worker}');
