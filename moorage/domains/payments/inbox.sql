-- The inbox of providers' events and the rows of calls to providers: each is a queue whose rows say what is due.

-- Stores verified events, each once: answers for each whether it was new. One insert for all that came in at a time,
-- because providers wait for the answer meanwhile. Locks: the new keys, in sorted order.
CREATE OR REPLACE FUNCTION store_events(p_ids uuid[], p_providers text[], p_event_ids text[], p_event_types text[],
                                        p_bodies bytea[]) RETURNS boolean[]
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH stored AS (
    INSERT INTO webhook_events (id, provider, event_id, event_type, body)
    SELECT * FROM unnest(p_ids, p_providers, p_event_ids, p_event_types, p_bodies)
           AS come (id, provider, event_id, event_type, body) ORDER BY provider, event_id
    ON CONFLICT (provider, event_id) DO NOTHING RETURNING id
  )
  SELECT array_agg(stored.id IS NOT NULL ORDER BY come.at)
    FROM unnest(p_ids) WITH ORDINALITY AS come (id, at) LEFT JOIN stored ON stored.id = come.id
$$;

-- Counts a delivery that was refused, by provider, day and reason: all that is kept of it. Locks: that count's row.
CREATE FUNCTION count_rejection(p_provider text, p_reason text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO webhook_rejections AS w (provider, day, reason, deliveries)
  VALUES (p_provider, (now() AT TIME ZONE 'UTC')::date, p_reason, 1)
  ON CONFLICT (provider, day, reason) DO UPDATE SET deliveries = w.deliveries + 1
$$;

-- Takes up to `p_limit` due events for `p_lease`: whoever dies with them leaves them due again by then. Skips what
-- another worker has. Locks: the rows, skipping locked ones.
CREATE OR REPLACE FUNCTION claim_events(p_limit integer, p_lease interval)
RETURNS TABLE (id uuid, provider text, event_type text, body bytea, attempts integer)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE webhook_events w SET next_at = now() + p_lease, attempts = w.attempts + 1, updated_at = now()
    FROM (SELECT due.id FROM webhook_events due WHERE due.status = 'received' AND due.next_at <= now()
           ORDER BY due.next_at LIMIT p_limit FOR UPDATE SKIP LOCKED) AS due
   WHERE w.id = due.id
  RETURNING w.id, w.provider, w.event_type, w.body, w.attempts
$$;

-- Closes an event: 'processed', 'ignored' or 'parked' with what came of it.
CREATE OR REPLACE FUNCTION close_event(p_event uuid, p_status text, p_outcome text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE webhook_events SET status = p_status, outcome = p_outcome, processed_at = now(), updated_at = now() WHERE id = p_event
$$;

-- Has an event wait for another try.
CREATE OR REPLACE FUNCTION postpone_event(p_event uuid, p_outcome text, p_wait interval) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE webhook_events SET outcome = p_outcome, next_at = now() + p_wait, updated_at = now() WHERE id = p_event AND status = 'received'
$$;

-- Has an event processed again from its stored row, as if it had just come in: an administrator's replay.
CREATE OR REPLACE FUNCTION replay_event(p_event uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE webhook_events SET status = 'received', attempts = 0, next_at = now(), processed_at = NULL, updated_at = now()
   WHERE id = p_event;
  RETURN FOUND;
END $$;

-- Takes an operation for calling: one caller at a time, and none while the payment's object is still being made.
-- Answers no row when it is not due, or somebody else has it (then for `p_lease`). The caller commits before it calls. `was` tells whether
-- an earlier call may have reached the provider, `is_stopping` whether the payment is being cancelled.
CREATE OR REPLACE FUNCTION claim_operation(p_operation uuid, p_lease interval)
RETURNS TABLE (id uuid, was text, kind text, request jsonb, attempts integer, refund_id uuid, refund_minor bigint,
               payment_id uuid, provider text, provider_ref text, status text, amount_minor bigint, currency text,
               purpose text, purpose_id uuid, is_stopping boolean, capture_method text, mode text, lines jsonb,
               description text, return_url text, cancel_url text, payer_email text, customer text,
               expires_at timestamptz, tax_minor bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH taken AS (
    SELECT o.id, o.status FROM provider_operations o
     WHERE o.id = p_operation AND o.payment_id IS NOT NULL
       AND (o.status = 'planned' OR o.status IN ('called', 'unknown') AND o.next_at <= now())
       AND (o.kind = 'create' OR NOT EXISTS (
              SELECT FROM provider_operations c WHERE c.payment_id = o.payment_id AND c.kind = 'create'
                 AND c.status IN ('planned', 'called', 'unknown')))
       FOR UPDATE SKIP LOCKED
  ), called AS (
    UPDATE provider_operations o
       SET status = 'called', attempts = o.attempts + 1, called_at = now(), updated_at = now(),
           next_at = now() + p_lease
      FROM taken WHERE o.id = taken.id RETURNING o.*, taken.status AS was
  )
  SELECT o.id, o.was, o.kind, o.request, o.attempts, o.refund_id, r.amount_minor, p.id, p.provider, p.provider_ref,
         p.status, p.amount_minor, p.currency, p.purpose, p.purpose_id,
         EXISTS (SELECT FROM provider_operations c WHERE c.payment_id = p.id AND c.kind = 'cancel'),
         p.capture_method, p.mode, p.lines, p.description, p.return_url, p.cancel_url,
         coalesce(p.payer_email, (SELECT u.email FROM users u WHERE o.kind = 'create' AND u.id = p.payer_id)),
         coalesce(p.provider_ids ->> 'customer', (SELECT c.provider_ref FROM provider_customers c
                   WHERE o.kind = 'create' AND c.provider = p.provider AND c.user_id = p.payer_id)),
         p.expires_at, p.tax_minor
    FROM called o JOIN payments p ON p.id = o.payment_id LEFT JOIN refunds r ON r.id = o.refund_id
$$;

-- Writes how a call ended: 'answered', or 'unknown' (asked again after `p_wait`), or 'abandoned'.
CREATE OR REPLACE FUNCTION close_operation(p_operation uuid, p_status text, p_answer jsonb, p_error text,
                                           p_wait interval DEFAULT '0') RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE provider_operations SET status = p_status, answer = p_answer, error = p_error, next_at = now() + p_wait,
                                 updated_at = now() WHERE id = p_operation
$$;

-- Operations that nobody is busy with though they are due: planned ones whose job was lost, called ones whose caller
-- died, unknown ones to be asked about.
CREATE OR REPLACE FUNCTION due_operations(p_limit integer, p_planned_after interval) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT id FROM provider_operations
   WHERE status IN ('planned', 'called', 'unknown')
     AND next_at <= now() - CASE WHEN status = 'planned' THEN p_planned_after ELSE interval '0' END
   ORDER BY next_at LIMIT p_limit
$$;

-- Remembers until when a provider's own list of events was read.
CREATE OR REPLACE FUNCTION move_cursor(p_provider text, p_until timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO provider_cursors AS c (provider, polled_until) VALUES (p_provider, p_until)
  ON CONFLICT (provider) DO UPDATE SET polled_until = greatest(c.polled_until, excluded.polled_until), updated_at = now()
$$;
