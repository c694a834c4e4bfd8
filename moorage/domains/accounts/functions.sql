-- Accounts: who sees which person.

ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS users_product ON users;
CREATE POLICY users_product ON users TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS users_own ON users;
CREATE POLICY users_own ON users TO moorage_web
  USING (id = (SELECT asking_user()) OR (SELECT asking_admin()))
  WITH CHECK (id = (SELECT asking_user()) OR (SELECT asking_admin()));
-- A person may change what is theirs to say; role, activity and password only by the product's own stories.
GRANT SELECT (id, email, first_name, middle_name, last_name, phone_number, role, is_active, email_verified_at, bio,
              avatar, timezone, location, preferences, last_login_at, created_at, updated_at) ON users TO moorage_web;
GRANT UPDATE (first_name, last_name, phone_number, bio, avatar, timezone, location, preferences, updated_at)
  ON users TO moorage_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON users TO moorage_worker;

-- Sign-ins, tokens and links are the product's alone: no door leads there from the web role.
ALTER TABLE refresh_families ENABLE ROW LEVEL SECURITY;
ALTER TABLE refresh_families FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS refresh_families_product ON refresh_families;
CREATE POLICY refresh_families_product ON refresh_families TO moorage_engine, moorage_worker
  USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON refresh_families TO moorage_worker;

ALTER TABLE refresh_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE refresh_tokens FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS refresh_tokens_product ON refresh_tokens;
CREATE POLICY refresh_tokens_product ON refresh_tokens TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON refresh_tokens TO moorage_worker;

ALTER TABLE account_links ENABLE ROW LEVEL SECURITY;
ALTER TABLE account_links FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS account_links_product ON account_links;
CREATE POLICY account_links_product ON account_links TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON account_links TO moorage_worker;

-- Who somebody is at another issuer of tokens: written when they are first met, read at each of their requests.
ALTER TABLE external_identities ENABLE ROW LEVEL SECURITY;
ALTER TABLE external_identities FORCE ROW LEVEL SECURITY;
CREATE POLICY product ON external_identities TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON external_identities TO moorage_worker;

-- Exchanges a refresh token for its successor. Locks the family's row, so that two exchanges in one family take turns.
-- A token that was used before ends the family, unless its answer may have been lost: within the grace, while none of
-- its successors has been used.
CREATE OR REPLACE FUNCTION rotate_refresh(p_hash bytea, p_new_hash bytea, p_lifetime interval, p_grace interval)
RETURNS TABLE (outcome text, user_id uuid, family_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_token refresh_tokens;
  v_family refresh_families;
BEGIN
  SELECT f.* INTO v_family FROM refresh_tokens t JOIN refresh_families f ON f.id = t.family_id
    JOIN users u ON u.id = f.user_id
   WHERE t.token_hash = p_hash AND u.is_active FOR UPDATE OF f;
  IF NOT FOUND THEN
    RETURN QUERY SELECT 'unknown', NULL::uuid, NULL::uuid;
    RETURN;
  END IF;
  SELECT t.* INTO v_token FROM refresh_tokens t WHERE t.token_hash = p_hash;
  IF v_family.revoked_at IS NOT NULL THEN
    RETURN QUERY SELECT CASE v_family.revoked_reason WHEN 'token_reused' THEN 'reused' ELSE 'unknown' END,
                        v_family.user_id, v_family.id;
  ELSIF v_token.used_at IS NOT NULL AND (
        clock_timestamp() > v_token.used_at + p_grace
        OR EXISTS (SELECT FROM refresh_tokens s WHERE s.family_id = v_family.id
                      AND s.token_hash <> p_hash AND s.issued_at >= v_token.used_at AND s.used_at IS NOT NULL)) THEN
    UPDATE refresh_families f SET revoked_at = now(), revoked_reason = 'token_reused' WHERE f.id = v_family.id;
    RETURN QUERY SELECT 'reused', v_family.user_id, v_family.id;
  ELSIF v_token.expires_at <= clock_timestamp() THEN
    RETURN QUERY SELECT 'unknown', v_family.user_id, v_family.id;
  ELSE
    UPDATE refresh_tokens t SET used_at = coalesce(t.used_at, clock_timestamp()) WHERE t.token_hash = p_hash;
    INSERT INTO refresh_tokens (token_hash, family_id, issued_at, expires_at)
    VALUES (p_new_hash, v_family.id, clock_timestamp(), clock_timestamp() + p_lifetime);
    RETURN QUERY SELECT 'rotated', v_family.user_id, v_family.id;
  END IF;
END $$;
SELECT run_as_engine('{rotate_refresh}', '{moorage_worker}');
