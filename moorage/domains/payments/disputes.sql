-- Disputes: the provider takes the money back while it decides; funds and earnings are held from the first event.

-- Records what a provider says of a dispute: 'moved', 'repeated' or 'impossible'. The exposure is what the payment has
-- not given back yet. Opened: disputed <- clearing, the earning held. Won: back. Lost: earnings and commission (or
-- dispute_losses, or what was held) pay for it. What the provider keeps for it is posted as soon as it is told. Locks: the payment's row, the earning's, then balances.
CREATE OR REPLACE FUNCTION record_dispute(p_dispute uuid, p_payment uuid, p_provider_ref text, p_amount bigint,
                                          p_status text, p_reason text DEFAULT '', p_evidence_due timestamptz DEFAULT NULL,
                                          p_data jsonb DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payments; d disputes; exposure bigint; outcome text := 'repeated';
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  ELSIF p.succeeded_at IS NULL THEN
    PERFORM refuse('invalid_state', format('A payment that is %s cannot be disputed.', p.status));
  END IF;
  SELECT * INTO d FROM disputes WHERE provider = p.provider AND provider_ref = p_provider_ref;
  IF NOT FOUND THEN
    exposure := least(p_amount, p.amount_minor - p.refunded_minor - p.refund_pending_minor - p.disputed_minor);
    INSERT INTO disputes (id, payment_id, provider, provider_ref, amount_minor, held_minor, currency, reason, evidence_due_at)
    VALUES (p_dispute, p_payment, p.provider, p_provider_ref, p_amount, exposure, p.currency, p_reason, p_evidence_due)
    RETURNING * INTO d;
    PERFORM hold_disputed(p, d, p_data);
    outcome := 'moved';
  END IF;
  UPDATE disputes SET reason = p_reason, updated_at = now() WHERE id = d.id AND reason = '' AND p_reason <> '';
  PERFORM post_further_fees('dispute', d.id, d.provider, p_data -> 'fees');
  IF d.closed_at IS NOT NULL THEN
    RETURN CASE WHEN d.status = p_status OR p_status NOT IN ('won', 'lost') THEN 'repeated' ELSE 'impossible' END;
  END IF;
  IF p_status IN ('won', 'lost') THEN
    PERFORM close_dispute(p, d, p_status, p_data);
    RETURN 'moved';
  END IF;
  IF p_status = 'under_review' AND d.status = 'opened' THEN
    UPDATE disputes SET status = 'under_review', updated_at = now() WHERE id = d.id;
    outcome := 'moved';
  END IF;
  RETURN outcome;
END $$;

-- The first event's postings. Nothing is left to hold when all was refunded before.
CREATE OR REPLACE FUNCTION hold_disputed(p payments, d disputes, p_data jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF d.held_minor = 0 THEN
    RETURN;
  END IF;
  UPDATE payments SET disputed_minor = disputed_minor + d.held_minor, updated_at = now() WHERE id = p.id;
  PERFORM post(new_id(), 'dispute_opened', 'dispute', d.id, 'dispute_opened:' || d.id, p.currency,
               ARRAY['disputed:' || p.provider, 'clearing:' || p.provider], ARRAY[d.held_minor, -d.held_minor]);
  PERFORM hold_earning(p.id, now());
  PERFORM restate_payment(p.id, 'dispute_opened', p_data, NULL);
END $$;

-- The last event's postings: won gives the money back to clearing, lost takes it from whom it had reached.
CREATE OR REPLACE FUNCTION close_dispute(p payments, d disputes, p_status text, p_data jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE disputes SET status = p_status, closed_at = now(), updated_at = now() WHERE id = d.id;
  IF d.held_minor = 0 THEN
    RETURN;
  END IF;
  IF p_status = 'won' THEN
    UPDATE payments SET disputed_minor = disputed_minor - d.held_minor, updated_at = now() WHERE id = p.id;
    PERFORM post(new_id(), 'dispute_won', 'dispute', d.id, 'dispute_won:' || d.id, p.currency,
                 ARRAY['clearing:' || p.provider, 'disputed:' || p.provider], ARRAY[d.held_minor, -d.held_minor]);
  ELSE
    PERFORM take_disputed(p, d, d.held_minor, 'dispute_lost:' || d.id);
  END IF;
  IF NOT EXISTS (SELECT FROM disputes o WHERE o.payment_id = p.id AND o.closed_at IS NULL AND o.held_minor > 0) THEN
    PERFORM hold_earning(p.id, NULL);
  END IF;
  PERFORM restate_payment(p.id, 'dispute_' || p_status, p_data, NULL);
  PERFORM hold_freed(p.id, d.id, p_data) WHERE p_status = 'won';
END $$;

-- Money of a payment has come back (a refund of it failed, a dispute of it was won), and was disputed besides: the other
-- disputes hold as much of it as the provider took. A lost one takes it at once. `p_freed`: the refund or the dispute. The
-- caller holds the payment's row.
CREATE OR REPLACE FUNCTION hold_freed(p_payment uuid, p_freed uuid, p_data jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE p payments; d disputes; more bigint;
BEGIN
  FOR d IN SELECT * FROM disputes WHERE payment_id = p_payment AND status <> 'won' AND held_minor < amount_minor
            ORDER BY created_at, id LOOP
    SELECT * INTO STRICT p FROM payments WHERE id = p_payment;
    more := least(d.amount_minor - d.held_minor,
                  p.amount_minor - p.refunded_minor - p.refund_pending_minor - p.disputed_minor);
    EXIT WHEN more <= 0;
    UPDATE disputes SET held_minor = held_minor + more, updated_at = now() WHERE id = d.id;
    UPDATE payments SET disputed_minor = disputed_minor + more, updated_at = now() WHERE id = p_payment;
    PERFORM post(new_id(), 'dispute_opened', 'dispute', d.id, format('dispute_held:%s:%s', d.id, p_freed), p.currency,
                 ARRAY['disputed:' || p.provider, 'clearing:' || p.provider], ARRAY[more, -more]);
    IF d.status = 'lost' THEN
      PERFORM take_disputed(p, d, more, format('dispute_lost:%s:%s', d.id, p_freed));
    ELSE
      PERFORM hold_earning(p_payment, now());
    END IF;
    PERFORM restate_payment(p_payment, 'dispute_' || CASE d.status WHEN 'lost' THEN 'lost' ELSE 'opened' END, p_data, NULL);
  END LOOP;
END $$;

-- What a lost dispute takes, from whom it had reached.
CREATE OR REPLACE FUNCTION take_disputed(p payments, d disputes, p_amount bigint, p_cause text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM reverse_earning(p.id, 'dispute_lost', 'dispute', d.id, p_cause, p_amount, p.currency,
                          CASE WHEN is_sold_at_once(p.purpose) THEN 'dispute_losses' ELSE held_account(p) END,
                          'disputed:' || p.provider, true);
END $$;

-- A refund that was made before a dispute is heard of after it: what was refunded before is not exposed, so the open
-- disputes let go of as much as the refund needs. The caller holds the payment's row, and records the refund next.
CREATE OR REPLACE FUNCTION yield_disputed(p_payment uuid, p_refund uuid, p_amount bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE p payments; d disputes; short bigint; part bigint;
BEGIN
  SELECT * INTO STRICT p FROM payments WHERE id = p_payment;
  short := p_amount - (p.amount_minor - p.refunded_minor - p.refund_pending_minor - p.disputed_minor);
  IF p.status <> 'disputed' THEN
    RETURN;
  END IF;
  FOR d IN SELECT * FROM disputes WHERE payment_id = p_payment AND closed_at IS NULL AND held_minor > 0
            ORDER BY created_at DESC, id DESC LOOP
    part := least(d.held_minor, short);
    EXIT WHEN part <= 0;
    short := short - part;
    UPDATE disputes SET held_minor = held_minor - part, updated_at = now() WHERE id = d.id;
    UPDATE payments SET disputed_minor = disputed_minor - part, updated_at = now() WHERE id = p_payment;
    PERFORM post(new_id(), 'dispute_lowered', 'dispute', d.id, format('dispute_lowered:%s:%s', d.id, p_refund), p.currency,
                 ARRAY['clearing:' || p.provider, 'disputed:' || p.provider], ARRAY[part, -part]);
  END LOOP;
  IF NOT EXISTS (SELECT FROM disputes WHERE payment_id = p_payment AND closed_at IS NULL AND held_minor > 0) THEN
    PERFORM hold_earning(p_payment, NULL);
  END IF;
END $$;
