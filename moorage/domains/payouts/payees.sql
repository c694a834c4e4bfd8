-- Payees: practitioners' accounts at providers.

-- The row of a practitioner's account at a provider, made empty when there is none: its id is the key by which it is opened
-- there. Locks nothing that exists.
CREATE FUNCTION begin_payee(p_id uuid, p_practitioner uuid, p_provider text) RETURNS payees
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO payees (id, practitioner_id, provider) VALUES (p_id, p_practitioner, p_provider)
  ON CONFLICT (practitioner_id, provider) DO UPDATE SET provider = excluded.provider
  RETURNING *
$$;

-- The provider's account of a payee, kept once; another one told later is not taken. Locks: the payee's row.
CREATE FUNCTION keep_payee(p_id uuid, p_provider_ref text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE y payees;
BEGIN
  UPDATE payees SET provider_ref = coalesce(provider_ref, p_provider_ref), updated_at = now()
   WHERE id = p_id RETURNING * INTO STRICT y;
  -- The contract shows this one account by name.
  UPDATE practitioners SET stripe_account_id = y.provider_ref, updated_at = now()
   WHERE id = y.practitioner_id AND y.provider = 'stripe' AND stripe_account_id IS DISTINCT FROM y.provider_ref;
  RETURN y.provider_ref;
END $$;

-- What a provider says of a payee now; false when the account is nobody's here. Locks: the payee's row.
CREATE FUNCTION record_payee(p_provider text, p_provider_ref text, p_can_be_paid boolean, p_submitted boolean,
                             p_missing text[]) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE payees SET can_be_paid = p_can_be_paid, details_submitted = p_submitted, missing = p_missing, updated_at = now()
   WHERE provider = p_provider AND provider_ref = p_provider_ref;
  RETURN FOUND;
END $$;

-- Tells a practitioner, once per event, that their bank refused money that is in their account at the provider.
CREATE FUNCTION tell_payee_refused(p_provider text, p_provider_ref text, p_failure text, p_event uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM queue_mail(u.id, u.email, 'Your bank has refused a payout', format(
                     'Your bank did not take what %s paid out to it (%s). The money is in your account there: put your bank'
                     ' details right, and it is sent again.', initcap(p_provider), p_failure), 'payee_refused:' || p_event)
     FROM payees y JOIN practitioners r ON r.id = y.practitioner_id JOIN users u ON u.id = r.user_id
    WHERE y.provider = p_provider AND y.provider_ref = p_provider_ref;
END $$;
