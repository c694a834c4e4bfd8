-- Subscriptions: what their provider says of them, kept as it is, and ending one.

-- One subscription's word at a time, whoever brings it. Before all other locks: nobody holds one of these and waits for
-- another's.
CREATE FUNCTION lock_subscription(p_provider text, p_ref text) RETURNS void LANGUAGE sql AS $$
  SELECT pg_advisory_xact_lock(hashtextextended('subscription:' || p_provider || ':' || p_ref, 0))
$$;

-- Keeps what a provider said of a subscription when it was asked at `p_asked_at` (`p_told` as told_subscription writes
-- it); what it said later stays. Answers our id of it: the one under which it was begun here, else `p_id` at first
-- sight. Locks: the subscription's lock, then its row.
CREATE FUNCTION record_subscription(p_id uuid, p_provider text, p_told jsonb, p_email text, p_asked_at timestamptz)
RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE told subscriptions; begun payments; kept subscriptions;
BEGIN
  PERFORM lock_subscription(p_provider, p_told ->> 'reference');
  told := jsonb_populate_record(NULL::subscriptions, p_told);
  SELECT * INTO kept FROM subscriptions WHERE provider = p_provider AND provider_ref = p_told ->> 'reference';
  IF FOUND AND kept.told_at > p_asked_at THEN
    RETURN kept.id;
  ELSIF FOUND THEN
    UPDATE subscriptions s SET
      status = told.status, items = told.items, amount_minor = told.amount_minor, currency = told.currency,
      interval_unit = told.interval_unit, interval_count = told.interval_count,
      period_starts_at = told.period_starts_at, period_ends_at = told.period_ends_at,
      cancel_at_period_end = told.cancel_at_period_end, canceled_at = told.canceled_at, ended_at = told.ended_at,
      ending = CASE WHEN told.status IN ('canceled', 'expired')
                      OR s.ending = 'at_period_end' AND told.cancel_at_period_end THEN NULL ELSE s.ending END,
      email = coalesce(s.email, p_email), told_at = p_asked_at, updated_at = now()
    WHERE s.id = kept.id;
    RETURN kept.id;
  END IF;
  SELECT * INTO begun FROM payments p
   WHERE p.purpose = 'subscription' AND p.purpose_id = (p_told ->> 'subscription_id')::uuid AND p.provider = p_provider
     AND p.mode = 'subscription' AND NOT EXISTS (SELECT FROM subscriptions s WHERE s.id = p.purpose_id);
  INSERT INTO subscriptions (id, provider, provider_ref, user_id, email, status, items, amount_minor, currency,
                             interval_unit, interval_count, period_starts_at, period_ends_at, cancel_at_period_end,
                             canceled_at, ended_at, started_at, told_at)
  VALUES (coalesce(begun.purpose_id, p_id), p_provider, p_told ->> 'reference',
          coalesce(begun.payer_id, (SELECT c.user_id FROM provider_customers c
                                     WHERE c.provider = p_provider AND c.provider_ref = p_told ->> 'customer')),
          coalesce(begun.payer_email, p_email), told.status, told.items, told.amount_minor, told.currency,
          told.interval_unit, told.interval_count, told.period_starts_at, told.period_ends_at,
          told.cancel_at_period_end, told.canceled_at, told.ended_at, told.started_at, p_asked_at)
  RETURNING * INTO kept;
  IF begun.payer_id IS NOT NULL AND p_told ->> 'customer' IS NOT NULL THEN  -- made by the provider's own page
    PERFORM keep_customer(new_id(), p_provider, p_told ->> 'customer', begun.payer_id, kept.email);
  END IF;
  RETURN kept.id;
END $$;

-- The payment of a billed period, where there is one: by the names that its provider has for it, else, for the first
-- period, the one by which the subscription was begun. The caller has the subscription's lock.
CREATE FUNCTION payment_of_period(p_provider text, p_subscription uuid, p_period jsonb) RETURNS uuid
LANGUAGE plpgsql STABLE AS $$
DECLARE found uuid;
BEGIN
  found := find_payment(p_provider, NULL, ARRAY[p_period #>> '{data,ids,payment_intent}', p_period ->> 'reference']);
  IF found IS NULL THEN
    SELECT p.id INTO found FROM payments p
     WHERE p.provider = p_provider AND p.purpose = 'subscription' AND p.purpose_id = p_subscription
       AND (p.provider_ids @> jsonb_build_object('invoice', p_period ->> 'reference')
            OR (p_period ->> 'is_first')::boolean AND p.mode = 'subscription' AND NOT p.provider_ids ? 'invoice');
  END IF;
  RETURN found;
END $$;

-- Opens the payment of a period that the provider bills by itself. The caller has the subscription's lock.
CREATE FUNCTION open_period(p_payment uuid, p_subscription uuid, p_period jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO payments (id, purpose, purpose_id, payer_id, amount_minor, currency, provider, provider_ref, payer_email,
                        description)
  SELECT p_payment, 'subscription', s.id, s.user_id, (p_period ->> 'amount_minor')::bigint, p_period ->> 'currency',
         s.provider, p_period ->> 'reference', coalesce(p_period ->> 'payer_email', s.email), p_period ->> 'description'
    FROM subscriptions s WHERE s.id = p_subscription;
  INSERT INTO payment_audit (payment_id, new_status, change_reason) VALUES (p_payment, 'pending', 'period_billed');
END $$;

-- Writes that a subscription is to end, when the paid period does or now, and the job that tells the provider. Answers
-- whether that is still to be done: false where it ends so already. Refuses 'not_found', 'invalid_state'. Locks: the
-- subscription's row.
CREATE FUNCTION end_subscription(p_subscription uuid, p_at_period_end boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE s subscriptions; way text := CASE WHEN p_at_period_end THEN 'at_period_end' ELSE 'now' END;
BEGIN
  SELECT * INTO s FROM subscriptions WHERE id = p_subscription FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such subscription.');
  ELSIF s.status IN ('canceled', 'expired') THEN
    PERFORM refuse('invalid_state', 'This subscription is over.');
  ELSIF p_at_period_end AND (s.cancel_at_period_end OR s.ending = 'now') THEN
    RETURN s.ending IS NOT NULL;
  END IF;
  UPDATE subscriptions SET ending = way, ending_since = CASE WHEN ending = way THEN ending_since ELSE now() END,
                           updated_at = now() WHERE id = p_subscription;
  -- Whoever asks tells the provider at once; the job is for when that fails.
  PERFORM enqueue_job('end_subscription', jsonb_build_object('subscription_id', p_subscription), NULL,
                      interval '5 seconds');
  RETURN true;
END $$;

-- end_subscription for whoever is asking: whose it is, or an administrator.
CREATE FUNCTION end_for_asking(p_subscription uuid, p_at_period_end boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT asking_admin() AND NOT EXISTS (
       SELECT FROM subscriptions WHERE id = p_subscription AND user_id = asking_user()) THEN
    PERFORM refuse('not_found', 'There is no such subscription.');
  END IF;
  RETURN end_subscription(p_subscription, p_at_period_end);
END $$;

-- The provider would not end it: the wish is taken back. Locks: the subscription's row.
CREATE FUNCTION keep_on_subscription(p_subscription uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE subscriptions SET ending = NULL, ending_since = NULL, updated_at = now() WHERE id = p_subscription
$$;

SELECT guard_tables('{subscriptions}', '{moorage_web, moorage_worker}');
GRANT UPDATE ON subscriptions TO moorage_engine;
CREATE POLICY asking ON subscriptions FOR SELECT TO moorage_web
  USING (user_id = (SELECT asking_user()) OR (SELECT asking_admin()));
SELECT run_as_engine('{record_subscription, end_subscription, keep_on_subscription}', '{moorage_worker}');
SELECT run_as_engine('{end_for_asking}', '{moorage_web, moorage_worker}');
