-- Where a provider's books and ours differ, kept: each difference once, until it is gone.

-- Keeps what comparing the time from `p_since` until before `p_until` has found (a list of kind, movement,
-- provider_ref, payment_id, details with `recorded_at`), and marks as resolved what was found there before and is gone.
-- Answers how many are new, or back. Locks: the findings' rows.
CREATE OR REPLACE FUNCTION keep_findings(p_provider text, p_since timestamptz, p_until timestamptz, p_found jsonb)
RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH found AS (
    SELECT DISTINCT ON (kind, movement, provider_ref) *
      FROM jsonb_to_recordset(p_found) AS f (kind text, movement text, provider_ref text, payment_id uuid, details jsonb)
     ORDER BY kind, movement, provider_ref
  ), gone AS (
    UPDATE reconciliation_findings f SET resolved_at = now()
     WHERE f.provider = p_provider AND f.resolved_at IS NULL
       AND (f.details ->> 'recorded_at')::timestamptz >= p_since AND (f.details ->> 'recorded_at')::timestamptz < p_until
       AND NOT EXISTS (SELECT FROM found x
                        WHERE (x.kind, x.movement, x.provider_ref) = (f.kind, f.movement, f.provider_ref))
  ), kept AS (
    INSERT INTO reconciliation_findings AS f (id, provider, kind, movement, provider_ref, payment_id, details)
    SELECT new_id(), p_provider, kind, movement, provider_ref, payment_id, details FROM found
    ON CONFLICT (provider, kind, movement, provider_ref) DO UPDATE
       SET resolved_at = NULL, found_at = now(), details = excluded.details WHERE f.resolved_at IS NOT NULL
    RETURNING f.id
  )
  SELECT count(*)::integer FROM kept
$$;
SELECT run_as_engine('{keep_findings}', '{moorage_worker}');
