-- What becomes of a payout: by a provider's word, or a person's. Money leaves the books once, and is back once.

-- The account that pays in the end: a provider's, or the bank for what is sent by hand.
CREATE FUNCTION payout_source(p payouts) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE p.method WHEN 'manual' THEN 'bank' ELSE 'clearing:' || p.provider END
$$;

-- What a provider says of a payout now: 'pending' (taken, not there), 'succeeded' or 'failed', and how much of it was taken
-- back. Answers 'moved', 'repeated', 'parked' (another amount, currency, account or object than ours), 'impossible' (it is
-- on its way or there, and in our books it has failed), 'missing'. Failed, the money is available again; where the provider
-- has it with the payee still, taking it back is planned. Locks: the payout's row, the practitioner's earnings, balances.
CREATE FUNCTION record_payout(p_payout uuid, p_status text, p_amount bigint, p_currency text, p_payee text,
                              p_provider_ref text, p_ids jsonb, p_returned bigint, p_failure text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payouts; returned bigint; before payouts;
BEGIN
  SELECT * INTO p FROM payouts WHERE id = p_payout FOR UPDATE;
  IF NOT FOUND THEN
    RETURN 'missing';
  ELSIF (p_amount, p_currency) <> (p.amount_minor, p.currency) OR p.method <> 'provider'
     OR coalesce(p_payee, p.payee_ref) <> p.payee_ref
     OR coalesce(p_provider_ref, p.provider_ref) IS DISTINCT FROM coalesce(p.provider_ref, p_provider_ref)
     OR p_returned NOT BETWEEN 0 AND p.amount_minor THEN
    RETURN 'parked';
  END IF;
  before := p;
  returned := CASE p_status WHEN 'failed' THEN p.amount_minor ELSE p_returned END;
  UPDATE payouts SET provider_ref = coalesce(provider_ref, p_provider_ref), updated_at = now(),
                     provider_ids = provider_ids || coalesce(p_ids, '{}')
   WHERE id = p_payout AND (provider_ref IS DISTINCT FROM coalesce(provider_ref, p_provider_ref)
                            OR NOT provider_ids @> coalesce(p_ids, '{}'));
  IF p.status = 'failed' THEN
    RETURN CASE WHEN returned = p.amount_minor THEN 'repeated' ELSE 'impossible' END;
  ELSIF p_status = 'succeeded' THEN
    PERFORM settle_payout(p_payout);
  ELSIF p_status = 'pending' THEN
    UPDATE payouts SET status = 'in_transit', updated_at = now() WHERE id = p_payout AND status = 'requested';
  END IF;
  IF returned > p.returned_minor THEN
    PERFORM return_payout(p_payout, returned, p_failure);
  END IF;
  IF p_status = 'failed' AND p_provider_ref IS NOT NULL AND p_returned < p.amount_minor THEN
    PERFORM plan_payout_call(new_id(), p.provider, 'reverse', p_payout);
  END IF;
  SELECT * INTO STRICT p FROM payouts WHERE id = p_payout;
  RETURN CASE WHEN (p.status, p.returned_minor) = (before.status, before.returned_minor) THEN 'repeated' ELSE 'moved' END;
END $$;

-- A payout has arrived: what is not back of it leaves the books, once. The caller has locked it.
CREATE FUNCTION settle_payout(p_payout uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE p payouts;
BEGIN
  UPDATE payouts SET status = 'paid', paid_at = now(), updated_at = now()
   WHERE id = p_payout AND status IN ('requested', 'in_transit') RETURNING * INTO p;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  PERFORM mark_paid_earnings(p.practitioner_id, p.currency, paid_out(p.practitioner_id, p.currency));
  PERFORM post(new_id(), 'payout_paid', 'payout', p_payout, 'payout_paid:' || p_payout, p.currency,
               ARRAY['payout_in_transit:' || p.practitioner_id, payout_source(p)],
               ARRAY[p.amount_minor - p.returned_minor, p.returned_minor - p.amount_minor]);
  PERFORM tell_payout(p, 'paid', 'A payout has arrived', format('%s %s was paid out to you.',
                      money_text(p.amount_minor - p.returned_minor, p.currency), p.currency));
END $$;

-- A payout is back up to `p_returned` all in all, on its way or after it had arrived: available again, from where it lies.
-- All of it: it has failed. The caller has locked it.
CREATE FUNCTION return_payout(p_payout uuid, p_returned bigint, p_failure text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE p payouts; lies_in text; back bigint;
BEGIN
  SELECT * INTO STRICT p FROM payouts WHERE id = p_payout;
  back := p_returned - p.returned_minor;
  lies_in := CASE p.status WHEN 'paid' THEN payout_source(p) ELSE 'payout_in_transit:' || p.practitioner_id END;
  UPDATE payouts
     SET returned_minor = p_returned, updated_at = now(), failure_code = coalesce(p_failure, failure_code, 'returned'),
         status = CASE WHEN p_returned = amount_minor THEN 'failed' ELSE status END,
         failed_at = CASE WHEN p_returned = amount_minor THEN now() END
   WHERE id = p_payout;
  PERFORM mark_paid_earnings(p.practitioner_id, p.currency, paid_out(p.practitioner_id, p.currency));
  PERFORM post(new_id(), 'payout_returned', 'payout', p_payout, format('payout_returned:%s:%s', p_payout, p_returned),
               p.currency, ARRAY[lies_in, 'earnings_available:' || p.practitioner_id], ARRAY[back, -back]);
  PERFORM tell_payout(p, 'returned:' || p_returned, 'A payout did not arrive',
                      format('%s %s of a payout came back, and is available again (%s).',
                             money_text(back, p.currency), p.currency, coalesce(p_failure, 'returned')));
END $$;

-- What has been paid out to a practitioner and is not back, in a currency.
CREATE FUNCTION paid_out(p_practitioner uuid, p_currency text) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT coalesce(sum(amount_minor - returned_minor), 0)::bigint FROM payouts
   WHERE practitioner_id = p_practitioner AND currency = p_currency AND status = 'paid'
$$;

-- A mail to the practitioner, once per thing that happened to the payout.
CREATE FUNCTION tell_payout(p payouts, p_what text, p_subject text, p_body text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM queue_mail(u.id, u.email, p_subject, p_body, format('payout_%s:%s', p_what, p.id))
     FROM practitioners r JOIN users u ON u.id = r.user_id WHERE r.id = p.practitioner_id;
END $$;

-- Locks a payout that a person moves, an administrator. Refuses 'forbidden', 'not_found', 'payout_by_provider'.
CREATE FUNCTION lock_payout_by_hand(p_payout uuid) RETURNS payouts LANGUAGE plpgsql AS $$
DECLARE p payouts;
BEGIN
  IF NOT asking_admin() THEN
    PERFORM refuse('forbidden');
  END IF;
  SELECT * INTO p FROM payouts WHERE id = p_payout FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payout.');
  ELSIF p.method <> 'manual' THEN
    PERFORM refuse('payout_by_provider');
  END IF;
  RETURN p;
END $$;

-- An administrator says that a payout by hand has arrived. Again is harmless. Refuses 'forbidden', 'not_found',
-- 'payout_by_provider', 'invalid_state' (it has failed). Locks as `record_payout`.
CREATE FUNCTION mark_payout_paid(p_payout uuid, p_note text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payouts;
BEGIN
  p := lock_payout_by_hand(p_payout);
  IF p.status = 'failed' THEN
    PERFORM refuse('invalid_state', 'This payout has failed: its money is available again.');
  ELSIF p.status <> 'paid' THEN
    PERFORM settle_payout(p_payout);
    UPDATE payouts SET note = coalesce(p_note, note) WHERE id = p_payout;
    PERFORM record_action('payout.paid', 'payout', p_payout, jsonb_build_object('note', p_note));
  END IF;
END $$;

-- An administrator says that a payout by hand did not arrive, or came back after it had. Again is harmless. Refuses
-- 'forbidden', 'not_found', 'payout_by_provider'. Locks as `record_payout`.
CREATE FUNCTION mark_payout_failed(p_payout uuid, p_reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payouts;
BEGIN
  p := lock_payout_by_hand(p_payout);
  IF p.status <> 'failed' THEN
    PERFORM return_payout(p_payout, p.amount_minor, p_reason);
    PERFORM record_action('payout.failed', 'payout', p_payout, jsonb_build_object('reason', p_reason, 'was', p.status));
  END IF;
END $$;
