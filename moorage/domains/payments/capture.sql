-- Collecting in two steps: what was reserved (`capture_method` manual) or approved is collected by a call of its own.

-- Keeps how a payment is to be asked for; whoever has just opened it calls this. `p_terms`: capture, mode, lines,
-- description, return_url, cancel_url, payer_email, customer, metadata, expires_after_s; what is absent keeps its default.
CREATE OR REPLACE FUNCTION describe_payment(p_payment uuid, p_terms jsonb) RETURNS void LANGUAGE sql AS $$
  UPDATE payments
     SET capture_method = coalesce(p_terms ->> 'capture', capture_method), mode = coalesce(p_terms ->> 'mode', mode),
         lines = nullif(p_terms -> 'lines', 'null'), description = p_terms ->> 'description',
         return_url = p_terms ->> 'return_url', cancel_url = p_terms ->> 'cancel_url',
         expires_at = now() + make_interval(secs => (p_terms ->> 'expires_after_s')::integer),
         payer_email = p_terms ->> 'payer_email', metadata = coalesce(nullif(p_terms -> 'metadata', 'null'), '{}'),
         provider_ids = jsonb_strip_nulls(jsonb_build_object('customer', p_terms -> 'customer'))
   WHERE id = p_payment
$$;

-- Plans collecting `p_amount` (NULL: all) of what was reserved, or of what the payer approved. One at a time: answers
-- the operation under way for the same amount when there is one, and NULL when an approved payment was collected
-- before. Refuses 'invalid_state' (nothing waits to be collected, or it is being cancelled), 'invalid_amount',
-- 'capture_exceeds_authorization'. Locks: the payment's row.
CREATE OR REPLACE FUNCTION plan_capture(p_operation uuid, p_payment uuid, p_amount bigint) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payments; running record; wanted bigint;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  END IF;
  wanted := coalesce(p_amount, p.authorized_minor, p.amount_minor);
  IF p.capture_method = 'automatic' AND p.succeeded_at IS NOT NULL THEN
    RETURN NULL;
  END IF;
  PERFORM check_capturable(p, wanted);
  SELECT o.id, (o.request ->> 'amount_minor')::bigint AS amount INTO running FROM provider_operations o
   WHERE o.payment_id = p_payment AND o.kind = 'capture' AND o.status IN ('planned', 'called', 'unknown');
  IF FOUND AND running.amount = wanted THEN
    RETURN running.id;
  ELSIF FOUND THEN
    PERFORM refuse('invalid_state', 'This payment is being collected at this moment.');
  END IF;
  PERFORM plan_operation(p_operation, p.provider, 'capture', p_payment, NULL, jsonb_build_object('amount_minor', wanted));
  RETURN p_operation;
END $$;

-- Why `p_amount` of a payment cannot be collected now, as a refusal; returns when it can. The caller has locked it.
CREATE OR REPLACE FUNCTION check_capturable(p payments, p_amount bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF p.status NOT IN ('pending', 'requires_action', 'processing') OR p.succeeded_at IS NOT NULL OR EXISTS (
       SELECT FROM provider_operations o WHERE o.payment_id = p.id AND o.kind = 'cancel' AND o.status <> 'abandoned') THEN
    PERFORM refuse('invalid_state', format('This payment is %s: nothing of it can be collected.',
                                           CASE p.status WHEN 'processing' THEN 'being cancelled' ELSE p.status END));
  ELSIF p.capture_method = 'manual' AND p.authorized_minor IS NULL THEN
    PERFORM refuse('invalid_state', 'The payer has not paid yet: nothing is reserved.');
  ELSIF p_amount <= 0 THEN
    PERFORM refuse('invalid_amount', 'What is collected is more than nothing.');
  ELSIF p_amount > coalesce(p.authorized_minor, p.amount_minor) THEN
    PERFORM refuse('capture_exceeds_authorization', format('%s %s is reserved.',
                   money_text(coalesce(p.authorized_minor, p.amount_minor), p.currency), p.currency));
  ELSIF p.capture_method = 'automatic' AND p_amount <> p.amount_minor THEN
    PERFORM refuse('amount_mismatch', 'What was approved is collected whole.');
  END IF;
END $$;

-- A provider says that money waits to be collected: reserved money is noted as such; what was approved for collecting at
-- once is collected, by a call planned here. What another service started is that service's to collect. The caller has
-- locked the payment.
CREATE OR REPLACE FUNCTION note_capturable(p_payment uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE p payments;
BEGIN
  IF EXISTS (SELECT FROM payment_records r WHERE r.payment_id = p_payment) THEN
    RETURN;
  END IF;
  SELECT * INTO STRICT p FROM payments WHERE id = p_payment;
  IF p.status = 'canceled' AND p.capture_method = 'manual' THEN
    PERFORM release_reserved(p);
  ELSIF p.status <> 'processing' THEN
    RETURN;
  ELSIF p.capture_method = 'manual' THEN
    UPDATE payments SET authorized_minor = amount_minor WHERE id = p_payment AND authorized_minor IS NULL;
  ELSIF NOT EXISTS (SELECT FROM provider_operations o WHERE o.payment_id = p_payment
                       AND (o.kind = 'capture' AND o.status IN ('planned', 'called', 'unknown')
                            OR o.kind = 'cancel' AND o.status <> 'abandoned')) THEN
    PERFORM plan_capture(new_id(), p_payment, NULL);
  END IF;
END $$;

-- What was reserved while its payment was cancelled is released: the provider is told once more. The caller has locked it.
CREATE OR REPLACE FUNCTION release_reserved(p payments) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM provider_operations o WHERE o.payment_id = p.id AND o.kind = 'cancel'
                    AND o.status IN ('planned', 'called', 'unknown')) THEN
    PERFORM plan_operation(new_id(), p.provider, 'cancel', p.id, NULL, jsonb_build_object('reason', 'canceled'));
  END IF;
END $$;

-- A payer approved what is captured later: a call that reserves it is planned, one at a time, unless it is over or
-- another service's. The caller has locked the payment.
CREATE OR REPLACE FUNCTION note_approved(p_payment uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE p payments;
BEGIN
  SELECT * INTO STRICT p FROM payments WHERE id = p_payment;
  IF p.status = 'processing' AND p.authorized_minor IS NULL
     AND NOT EXISTS (SELECT FROM payment_records r WHERE r.payment_id = p_payment) AND NOT EXISTS (
       SELECT FROM provider_operations o WHERE o.payment_id = p_payment
          AND o.kind IN ('authorize', 'cancel') AND o.status IN ('planned', 'called', 'unknown')) THEN
    PERFORM plan_operation(new_id(), p.provider, 'authorize', p_payment);
  END IF;
END $$;

-- A capture in part: the payment is worth what was collected, and `authorized_minor` keeps what was reserved. The caller
-- has locked it, and has not posted it yet.
CREATE OR REPLACE FUNCTION lower_payment(p_payment uuid, p_amount bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE payments SET authorized_minor = coalesce(authorized_minor, amount_minor), amount_minor = p_amount,
                      tax_minor = half_up(tax_minor::numeric * p_amount, amount_minor), updated_at = now()
   WHERE id = p_payment AND succeeded_at IS NULL;
END $$;

-- Whether what a provider says of a payment is about the same money: amount, currency and object. A capture in part
-- collects less than was reserved.
CREATE OR REPLACE FUNCTION fits_payment(p payments, p_status text, p_amount bigint, p_currency text, p_ref text,
                                        p_data jsonb) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF p_currency <> p.currency THEN
    RETURN false;
  ELSIF p_amount <> p.amount_minor
        AND NOT (p.capture_method = 'manual' AND p_status = 'succeeded' AND p.succeeded_at IS NULL
                 AND p_amount < p.amount_minor)
        AND NOT (p_status <> 'succeeded' AND p_amount IS NOT DISTINCT FROM p.authorized_minor) THEN
    RETURN false;
  ELSIF p_ref IS NULL OR p_ref = p.provider_ref THEN
    RETURN true;
  ELSIF p.provider_ref IS NULL THEN  -- its first name there, which is no other payment's
    RETURN NOT EXISTS (SELECT FROM payments o WHERE o.provider = p.provider AND o.provider_ref = p_ref);
  END IF;
  RETURN is_alias(p, p_ref, p_data);
END $$;

-- Whether `p_ref` is another name of the object that we know a payment by: one side says so, or it is the payment of a
-- checkout session that had none when it was made.
CREATE OR REPLACE FUNCTION is_alias(p payments, p_ref text, p_data jsonb) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM jsonb_each_text(p.provider_ids) known WHERE known.value = p_ref)
      OR EXISTS (SELECT FROM jsonb_each_text(coalesce(p_data -> 'ids', '{}')) told WHERE told.value = p.provider_ref)
      OR p.provider_ids ->> 'checkout_session' IS NOT DISTINCT FROM p.provider_ref
         AND NOT p.provider_ids ? 'payment_intent';
END $$;

-- The payment that a provider means: by our id as it carries it, else by any of the names that it has for it, the first
-- before the others. NULL when there is none, or more than one by their further names.
CREATE OR REPLACE FUNCTION find_payment(p_provider text, p_id uuid, p_names text[]) RETURNS uuid
LANGUAGE plpgsql STABLE AS $$
DECLARE found uuid;
BEGIN
  SELECT id INTO found FROM payments WHERE id = p_id AND provider = p_provider;
  IF found IS NULL THEN
    SELECT id INTO found FROM payments WHERE provider = p_provider AND provider_ref = ANY (p_names)
     ORDER BY array_position(p_names, provider_ref) LIMIT 1;
  END IF;
  IF found IS NULL THEN
    -- Named first, and whose it is asked afterwards: the index over ids finds one among all of them.
    WITH named AS MATERIALIZED (
      SELECT p.id, p.provider FROM payments p
       WHERE p.provider_ids <> '{}' AND p.provider_ids @> ANY (ARRAY(
         SELECT jsonb_build_object(kind, name)
           FROM unnest(p_names) AS name
          CROSS JOIN unnest(ARRAY['payment_intent', 'payment', 'order', 'charge', 'capture', 'authorization',
                                  'checkout_session', 'invoice']) AS kind)))
    SELECT (array_agg(id))[1] INTO found FROM named WHERE provider = p_provider HAVING count(*) = 1;
  END IF;
  RETURN found;
END $$;
