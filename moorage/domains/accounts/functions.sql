-- Accounts: who sees which person, and the questions that other domains' policies and functions ask about them.

-- Whether the one who asks is an admin (in the database, whatever a token may say).
CREATE OR REPLACE FUNCTION asking_admin() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM users WHERE id = asking_user() AND role = 'admin' AND is_active)
$$;
ALTER FUNCTION asking_admin() OWNER TO moorage_engine;
REVOKE ALL ON FUNCTION asking_admin() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION asking_admin() TO moorage_web, moorage_worker, moorage_engine;

-- Refuses (401 invalid_token) unless the account is open and the sign-in `p_family` has not ended: for hot functions that
-- are called with a token's claims alone. Locks nothing.
CREATE OR REPLACE FUNCTION check_caller(p_user uuid, p_family uuid) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM users u JOIN refresh_families f ON f.id = p_family AND f.user_id = u.id
    WHERE u.id = p_user AND u.is_active AND f.revoked_at IS NULL;
  IF NOT FOUND THEN
    PERFORM refuse('invalid_token');
  END IF;
END $$;
ALTER FUNCTION check_caller(uuid, uuid) OWNER TO moorage_engine;
REVOKE ALL ON FUNCTION check_caller(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION check_caller(uuid, uuid) TO moorage_web, moorage_worker, moorage_engine;

ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS users_product ON users;
CREATE POLICY users_product ON users TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS users_own ON users;
CREATE POLICY users_own ON users TO moorage_web
  USING (id = (SELECT asking_user()) OR (SELECT asking_admin()))
  WITH CHECK (id = (SELECT asking_user()) OR (SELECT asking_admin()));
-- A person may change what is theirs to say; role, activity and password only by the product's own stories.
GRANT SELECT (id, email, first_name, last_name, phone_number, role, is_active, email_verified_at, bio, avatar, timezone,
              location, preferences, last_login_at, created_at, updated_at) ON users TO moorage_web;
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
