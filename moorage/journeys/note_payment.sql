-- Payments that a person tells us of beside those that we start: begun elsewhere at a provider; and what is written on
-- a payment by hand.

-- Records a payment that somebody begins at a provider without us: nobody is called, and the provider's own word moves
-- it, found by `p_ref` or by our id in its metadata. The same id again is the same payment. People note what they pay
-- themselves, administrators anybody's. Refuses 'forbidden', 'not_found', 'amount_mismatch' and what amount_owed refuses;
-- 'payment_id_taken' for a `p_ref` that is known, as any of a payment's names. Locks: the purpose's thing.
CREATE FUNCTION note_payment(p_payment uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint,
                             p_currency text, p_provider text, p_ref text, p_terms jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE payer uuid := p_payer;
BEGIN
  IF NOT asking_admin() AND (p_payer IS NULL OR p_payer IS DISTINCT FROM asking_user()) THEN
    PERFORM refuse('forbidden', 'Only administrators and owners record payments of somebody else.');
  ELSIF NOT asking_admin() AND p_purpose LIKE 'booking\_%' AND NOT EXISTS (
          SELECT FROM bookings WHERE id = p_purpose_id AND client_id = p_payer) THEN
    PERFORM refuse('not_found', 'There is no such booking.');
  ELSIF EXISTS (SELECT FROM payments WHERE id = p_payment) THEN
    RETURN;
  ELSIF find_payment(p_provider, NULL, ARRAY[p_ref]) IS NOT NULL THEN  -- by whatever name we know it
    PERFORM refuse('payment_id_taken');
  ELSIF p_purpose <> 'free_amount' THEN
    payer := coalesce(check_owed(p_purpose, p_purpose_id, p_amount, p_currency), p_payer);
  END IF;
  INSERT INTO payments (id, purpose, purpose_id, payer_id, amount_minor, currency, provider, provider_ref)
  VALUES (p_payment, p_purpose, p_purpose_id, payer, p_amount, p_currency, p_provider, p_ref);
  PERFORM describe_payment(p_payment, p_terms);
  INSERT INTO payment_audit (payment_id, new_status, change_reason, changed_by)
  VALUES (p_payment, 'pending', 'recorded', asking_user());
EXCEPTION WHEN unique_violation THEN
  PERFORM refuse('payment_id_taken', 'A payment with this provider''s id has been recorded already.');
END $$;

-- An administrator writes on a payment: `p_metadata` replaces what its client keeps there (NULL leaves it), `p_ours` adds
-- to the members that begin with "moorage:", which stay. Refuses 'forbidden', 'not_found'. Locks: the payment's row.
CREATE FUNCTION annotate_payment(p_payment uuid, p_metadata jsonb, p_ours jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM check_may_move(p_payment, false);
  UPDATE payments SET
    metadata = coalesce(p_metadata || coalesce((SELECT jsonb_object_agg(key, value) FROM jsonb_each(metadata)
                                                 WHERE starts_with(key, 'moorage:')), '{}'), metadata) || p_ours,
    updated_at = now()
   WHERE id = p_payment;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  END IF;
END $$;

SELECT run_as_engine('{note_payment, annotate_payment}', '{moorage_web, moorage_worker}');
