-- Who asks: the one look-up that every signed-in request makes, across accounts and practitioners.

-- A caller's rights as they are now, and whether the sign-in `p_family` has ended (NULL: their token is of none). No row:
-- no such account.
CREATE OR REPLACE FUNCTION who_asks(p_user uuid, p_family uuid)
RETURNS TABLE (role text, is_active boolean, is_revoked boolean, practitioner_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT u.role, u.is_active,
         p_family IS NOT NULL AND (f.id IS NULL OR f.revoked_at IS NOT NULL),
         p.id
    FROM users u
    LEFT JOIN refresh_families f ON f.id = p_family AND f.user_id = u.id
    LEFT JOIN practitioners p ON p.user_id = u.id
   WHERE u.id = p_user
$$;
SELECT run_as_engine('{who_asks}', '{moorage_web, moorage_worker}');

-- The same for somebody whose token another issuer signed, met for the first time or again. Locks what meet_identity does.
CREATE FUNCTION identity_asks(p_issuer text, p_subject text, p_is_admin boolean, p_email text, p_kept_id uuid, p_id uuid)
RETURNS TABLE (user_id uuid, role text, is_active boolean, practitioner_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_user uuid := meet_identity(p_issuer, p_subject, p_is_admin, p_email, p_kept_id, p_id);
BEGIN
  RETURN QUERY SELECT v_user, w.role, w.is_active, w.practitioner_id FROM who_asks(v_user, NULL) w;
END $$;
SELECT run_as_engine('{identity_asks}', '{moorage_web, moorage_worker}');
