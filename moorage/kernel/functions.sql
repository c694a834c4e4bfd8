-- Small SQL functions without a word of the business.

-- A new UUIDv7 for rows that SQL itself creates (PostgreSQL 15 has no uuidv7()).
CREATE OR REPLACE FUNCTION new_id() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid())
              PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
      52, 1), 53, 1), 'hex')::uuid
$$;

-- Who is asking, from the claims that the transaction states, each by itself or all as JSON; NULL when nobody said.
CREATE OR REPLACE FUNCTION asking_user() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
                  substring(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
                            FROM '^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'))::uuid
$$;

-- Refuses with a stable code: `kind` is one of MoorageError's kinds, `detail` an optional sentence for a person.
CREATE OR REPLACE FUNCTION refuse(code text, detail text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'MO000', MESSAGE = code, DETAIL = coalesce(detail, '');
END $$;

-- Puts one job into the queue, unless one with the same key waits or runs already.
CREATE OR REPLACE FUNCTION enqueue_job(entrypoint text, payload jsonb, dedupe text DEFAULT NULL,
                                       delay interval DEFAULT '0') RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, status)
  VALUES (0, entrypoint, convert_to(payload::text, 'UTF8'), now() + delay, dedupe, 'queued')
  ON CONFLICT (dedupe_key) WHERE ((status = ANY (ARRAY['queued'::pgqueuer_status, 'picked'::pgqueuer_status]))
    AND (dedupe_key IS NOT NULL)) DO NOTHING
$$;
SELECT run_as_engine('{enqueue_job}', '{moorage_web, moorage_worker}');

-- Fails every UPDATE, DELETE and TRUNCATE: for append-only tables.
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

-- How many decimals a currency has; the same list as kernel.money, and a test compares them.
CREATE OR REPLACE FUNCTION currency_exponent(currency text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV',
                      'XAF', 'XOF', 'XPF') THEN 0
    WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3
    WHEN currency IN ('CLF', 'UYW') THEN 4
    ELSE 2 END
$$;

-- Minor units as a person reads them, with the currency's own decimals: (8000, 'USD') -> 80.00.
CREATE OR REPLACE FUNCTION money_text(amount_minor bigint, currency text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT round(amount_minor / power(10::numeric, currency_exponent(currency)), currency_exponent(currency))::text
$$;
