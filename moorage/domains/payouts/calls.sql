-- Calls to providers about payouts: rows of provider_operations, taken and closed as those of payments are.

-- Takes a call about a payout for making, as `claim_operation` does for payments. Answers no row when it is not due, or
-- somebody else has it.
CREATE FUNCTION claim_payout_call(p_operation uuid, p_lease interval)
RETURNS TABLE (id uuid, was text, kind text, attempts integer, provider text, payout_id uuid, payee text,
               provider_ref text, amount_minor bigint, currency text, returned_minor bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH taken AS (
    SELECT o.id, o.status FROM provider_operations o
     WHERE o.id = p_operation AND o.payout_id IS NOT NULL
       AND (o.status = 'planned' OR o.status IN ('called', 'unknown') AND o.next_at <= now())
       FOR UPDATE SKIP LOCKED
  ), called AS (
    UPDATE provider_operations o
       SET status = 'called', attempts = o.attempts + 1, called_at = now(), updated_at = now(),
           next_at = now() + p_lease
      FROM taken WHERE o.id = taken.id RETURNING o.*, taken.status AS was
  )
  SELECT o.id, o.was, o.kind, o.attempts, o.provider, p.id, p.payee_ref, p.provider_ref, p.amount_minor, p.currency,
         p.returned_minor
    FROM called o JOIN payouts p ON p.id = o.payout_id
$$;
