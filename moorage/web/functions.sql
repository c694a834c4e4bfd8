-- The HTTP plumbing: the counters of rate limits and the kept answers. The web role reaches both by these functions alone.

-- Takes up to p_lot requests out of a caller's window, one by one once the limit is near (a tenth of it, at least 20).
-- Locks the caller's row of this window. `granted` is 0 when nothing is left; `taken` counts this lot.
CREATE OR REPLACE FUNCTION take_requests(p_caller text, p_window bigint, p_lot integer, p_limit integer)
RETURNS TABLE (granted integer, taken integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_taken integer;
  v_left integer;
  v_lot integer;
BEGIN
  INSERT INTO rate_limits AS r (caller, window_no, taken) VALUES (p_caller, p_window, 0) ON CONFLICT DO NOTHING;
  SELECT r.taken INTO v_taken FROM rate_limits r WHERE r.caller = p_caller AND r.window_no = p_window FOR UPDATE;
  v_left := greatest(p_limit - v_taken, 0);
  v_lot := CASE WHEN v_left <= greatest(p_limit / 10, 20) THEN least(v_left, 1) ELSE least(p_lot, v_left) END;
  IF v_lot > 0 THEN
    UPDATE rate_limits r SET taken = r.taken + v_lot WHERE r.caller = p_caller AND r.window_no = p_window;
  END IF;
  RETURN QUERY SELECT v_lot, v_taken + v_lot;
END $$;
SELECT run_as_engine('{take_requests}', '{moorage_web, moorage_worker}');

-- Begins a request that carries an Idempotency-Key. `outcome` is 'begin' (carry it out, under `subject_id`), 'answered'
-- (send the kept answer), 'running' (the first one is at it) or 'reused' (the key belongs to another request). A request
-- whose process died is begun again, under its old subject_id, once its lock has run out. Locks the key's row.
CREATE OR REPLACE FUNCTION begin_idempotent(p_caller text, p_key text, p_fingerprint bytea, p_subject uuid,
                                            p_lock_s integer, p_hours integer)
RETURNS TABLE (outcome text, subject_id uuid, status integer, content_type text, body bytea, wait_s integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_row idempotency_keys;
BEGIN
  INSERT INTO idempotency_keys (caller, key, fingerprint, subject_id, state, locked_until, expires_at)
  VALUES (p_caller, p_key, p_fingerprint, p_subject, 'running', clock_timestamp() + make_interval(secs => p_lock_s),
          clock_timestamp() + make_interval(hours => p_hours))
  ON CONFLICT ON CONSTRAINT pk_idempotency_keys DO NOTHING;
  IF FOUND THEN
    RETURN QUERY SELECT 'begin', p_subject, NULL::integer, NULL::text, NULL::bytea, 0;
    RETURN;
  END IF;
  SELECT * INTO v_row FROM idempotency_keys k WHERE k.caller = p_caller AND k.key = p_key FOR UPDATE;
  IF NOT FOUND THEN
    -- Released between the two statements: whoever asks again finds the key free.
    RETURN QUERY SELECT 'running', NULL::uuid, NULL::integer, NULL::text, NULL::bytea, 1;
  ELSIF v_row.expires_at <= clock_timestamp() THEN
    UPDATE idempotency_keys k
       SET fingerprint = p_fingerprint, subject_id = p_subject, state = 'running', status = NULL, content_type = NULL,
           body = NULL, locked_until = clock_timestamp() + make_interval(secs => p_lock_s), created_at = now(),
           expires_at = clock_timestamp() + make_interval(hours => p_hours)
     WHERE k.caller = p_caller AND k.key = p_key;
    RETURN QUERY SELECT 'begin', p_subject, NULL::integer, NULL::text, NULL::bytea, 0;
  ELSIF v_row.fingerprint <> p_fingerprint THEN
    RETURN QUERY SELECT 'reused', NULL::uuid, NULL::integer, NULL::text, NULL::bytea, 0;
  ELSIF v_row.state = 'answered' AND v_row.body IS NOT NULL THEN
    RETURN QUERY SELECT 'answered', v_row.subject_id, v_row.status, v_row.content_type, v_row.body, 0;
  ELSIF v_row.state = 'running' AND v_row.locked_until > clock_timestamp() THEN
    RETURN QUERY SELECT 'running', NULL::uuid, NULL::integer, NULL::text, NULL::bytea,
                        greatest(1, ceil(extract(epoch FROM v_row.locked_until - clock_timestamp()))::integer);
  ELSE
    UPDATE idempotency_keys k
       SET state = 'running', locked_until = clock_timestamp() + make_interval(secs => p_lock_s)
     WHERE k.caller = p_caller AND k.key = p_key;
    RETURN QUERY SELECT 'begin', v_row.subject_id, NULL::integer, NULL::text, NULL::bytea, 0;
  END IF;
END $$;
SELECT run_as_engine('{begin_idempotent}', '{moorage_web}');

-- Keeps the answer of a request. Without a body (one that holds tokens) only that it was answered: a repeat is carried
-- out again under the same subject_id.
CREATE OR REPLACE FUNCTION keep_answer(p_caller text, p_key text, p_subject uuid, p_status integer, p_type text,
                                       p_body bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE idempotency_keys SET state = 'answered', status = p_status, content_type = p_type, body = p_body
   WHERE caller = p_caller AND key = p_key AND subject_id = p_subject
$$;
SELECT run_as_engine('{keep_answer}', '{moorage_web}');

-- Gives a key back after a refusal (`p_forget`: as if it had never been used), or lets its request be sent again at once
-- after a failure of ours (nobody knows how far it came, so the subject_id stays).
CREATE OR REPLACE FUNCTION release_key(p_caller text, p_key text, p_subject uuid, p_forget boolean) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  DELETE FROM idempotency_keys
   WHERE p_forget AND caller = p_caller AND key = p_key AND subject_id = p_subject AND state = 'running';
  UPDATE idempotency_keys SET locked_until = clock_timestamp()
   WHERE NOT p_forget AND caller = p_caller AND key = p_key AND subject_id = p_subject AND state = 'running';
$$;
SELECT run_as_engine('{release_key}', '{moorage_web}');

ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS idempotency_keys_product ON idempotency_keys;
CREATE POLICY idempotency_keys_product ON idempotency_keys TO moorage_engine, moorage_worker
  USING (true) WITH CHECK (true);
GRANT SELECT, DELETE ON idempotency_keys TO moorage_worker;

ALTER TABLE rate_limits ENABLE ROW LEVEL SECURITY;
ALTER TABLE rate_limits FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS rate_limits_product ON rate_limits;
CREATE POLICY rate_limits_product ON rate_limits TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);
GRANT SELECT, DELETE ON rate_limits TO moorage_worker;
