-- Payment records: payments that another service collects and tells us of, each a payment like any other with its row
-- of that service's own names beside it. Both locks hold here: these functions ask who is asking, and so do policies.

-- Records a payment of whoever is asking as it stands: 'pending', or on from there by the moves that lead to it, each
-- audited and posted. `p_record` holds columns of payment_records. Answers the payment's running number; the same
-- request again (`p_payment`) answers the same. Refuses 'payment_id_taken' (also for another name of what is collected
-- here), 'checkout_session_id_taken'. Locks nothing that exists.
CREATE FUNCTION record_payment(p_payment uuid, p_amount bigint, p_currency text, p_provider text, p_status text,
                               p_record jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE number bigint; broken text;
BEGIN
  IF asking_user() IS NULL THEN
    PERFORM refuse('forbidden');
  END IF;
  SELECT no INTO number FROM payments WHERE id = p_payment AND payer_id = asking_user();
  IF FOUND THEN
    RETURN number;
  END IF;
  IF find_payment(p_provider, NULL, ARRAY[p_record ->> 'gateway_payment_id']) IS NOT NULL THEN
    PERFORM refuse('payment_id_taken');
  END IF;
  BEGIN
    INSERT INTO payments (id, purpose, payer_id, amount_minor, currency, provider, provider_ref, provider_ids)
    VALUES (p_payment, 'free_amount', asking_user(), p_amount, p_currency, p_provider, p_record ->> 'gateway_payment_id',
            record_ids(p_record))
    RETURNING no INTO number;
    INSERT INTO payment_records
    SELECT r.* FROM jsonb_populate_record(NULL::payment_records,
      jsonb_build_object('payment_method_types', '[]'::jsonb, 'created_at', now(), 'updated_at', now())
      || jsonb_strip_nulls(p_record) || jsonb_build_object('payment_id', p_payment)) r;
  EXCEPTION WHEN unique_violation THEN
    GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
    PERFORM refuse(CASE broken WHEN 'uq_payment_records_checkout_session_id' THEN 'checkout_session_id_taken'
                   ELSE 'payment_id_taken' END);
  END;
  INSERT INTO payment_audit (payment_id, new_status, change_reason, changed_by)
  VALUES (p_payment, 'pending', 'recorded', asking_user());
  IF p_status = 'refunded' THEN
    PERFORM move_record(p_payment, 'succeeded', 'recorded');
  END IF;
  IF p_status <> 'pending' THEN
    PERFORM move_record(p_payment, p_status, 'recorded');
  END IF;
  RETURN number;
END $$;

-- The provider's further ids among a record's names, by which its events find the payment.
CREATE FUNCTION record_ids(p_record jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object('checkout_session', p_record -> 'checkout_session_id',
    'payment_method', p_record -> 'payment_method_id', 'customer', p_record -> 'customer_id'))
$$;

-- Whether somebody who keeps records may make this move. Failed and canceled are final by hand (another attempt is
-- another payment); that money came late all the same is for the provider to say.
CREATE FUNCTION record_may_move(p_from text, p_to text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT EXISTS (SELECT FROM payment_moves() m
                  WHERE m.from_status = p_from AND m.to_status = p_to
                    AND (m.mover = 'provider' AND m.from_status NOT IN ('failed', 'canceled')
                         OR m.to_status = 'refunded' AND m.mover = 'refund'))
$$;

-- Makes a move of a recorded payment, audited and posted; `refunded` is a refund, made elsewhere, of all that is left.
-- The caller has asked whether it may. Locks: the payment's row, then balances.
CREATE FUNCTION move_record(p_payment uuid, p_to text, p_reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_refund uuid := new_id(); v_left bigint;
BEGIN
  IF p_to = 'refunded' THEN
    SELECT amount_minor - refunded_minor - refund_pending_minor INTO v_left FROM payments WHERE id = p_payment;
    PERFORM record_external_refund(v_refund, p_payment, v_left, NULL);
    PERFORM record_refund(v_refund, true, NULL, NULL, jsonb_build_object('reason', p_reason, 'by', asking_user()));
  ELSE
    PERFORM record_payment_status(p_payment, p_to, p_reason, NULL, NULL, NULL, NULL, asking_user());
  END IF;
END $$;

-- Moves a recorded payment of the asker's (an administrator: anybody's) to `p_to`, from one of `p_from` alone where
-- that is given. Answers 'moved', 'repeated' or 'impossible', and the status it was in. Refuses 'not_found',
-- 'forbidden', 'payment_disputed'. Locks: the payment's row, then balances.
CREATE FUNCTION restate_record(p_no bigint, p_to text, p_from text[] DEFAULT NULL, OUT outcome text, OUT was text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payments := record_of_asker(p_no);
BEGIN
  was := p.status;
  IF p.status = p_to AND p_from IS NULL THEN
    outcome := 'repeated';
  ELSIF p.status <> ALL (coalesce(p_from, ARRAY[p.status])) OR NOT record_may_move(p.status, p_to) THEN
    outcome := 'impossible';
  ELSE
    PERFORM move_record(p.id, p_to, CASE WHEN p.payer_id = asking_user() THEN 'payer' ELSE 'admin' END);
    outcome := 'moved';
  END IF;
END $$;

-- Changes what a record says of its payment: the columns that `p_changes` names, which are descriptions alone. Refuses
-- 'not_found', 'forbidden', 'checkout_session_id_taken'. Locks: the payment's row.
CREATE FUNCTION describe_record(p_no bigint, p_changes jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payments := record_of_asker(p_no); r payment_records;
BEGIN
  UPDATE payment_records AS old SET
    (checkout_session_id, payment_method_id, payment_method_types, customer_id, customer_email, booking_no, property_no,
     description, updated_at)
    = (SELECT n.checkout_session_id, n.payment_method_id, n.payment_method_types, n.customer_id, n.customer_email,
              n.booking_no, n.property_no, n.description, now() FROM jsonb_populate_record(old, p_changes) n)
   WHERE payment_id = p.id RETURNING * INTO r;
  UPDATE payments SET provider_ids = provider_ids || record_ids(to_jsonb(r)), updated_at = now() WHERE id = p.id;
EXCEPTION WHEN unique_violation THEN
  PERFORM refuse('checkout_session_id_taken');
END $$;

-- The recorded payment by its number, locked, if the asker may change it. Refuses 'not_found', 'forbidden'.
CREATE FUNCTION record_of_asker(p_no bigint) RETURNS payments
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payments;
BEGIN
  SELECT q.* INTO p FROM payments q JOIN payment_records r ON r.payment_id = q.id WHERE q.no = p_no FOR UPDATE OF q;
  IF NOT FOUND THEN
    PERFORM refuse('not_found');
  ELSIF p.payer_id IS DISTINCT FROM asking_user() AND NOT asking_admin() THEN
    PERFORM refuse('forbidden', 'This payment is somebody else''s.');
  END IF;
  RETURN p;
END $$;

-- Whether there is such a record at all: this contract tells another's (403) from none (404).
CREATE FUNCTION payment_record_exists(p_no bigint, p_gateway_payment_id text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM payments p JOIN payment_records r ON r.payment_id = p.id WHERE p.no = p_no)
      OR EXISTS (SELECT FROM payment_records r WHERE r.gateway_payment_id = p_gateway_payment_id)
$$;

SELECT run_as_engine('{
  record_payment, restate_record, describe_record, payment_record_exists}', '{moorage_web, moorage_worker}');
SELECT run_as_engine('{record_of_asker, move_record}');
