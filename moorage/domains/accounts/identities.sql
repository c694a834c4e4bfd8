-- Who somebody is at another issuer of tokens.

-- The subject that another issuer knows an account by, NULL where none does: for the person themself and
-- administrators.
CREATE FUNCTION external_subject(p_user uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT subject FROM external_identities
   WHERE user_id = p_user AND (p_user = asking_user() OR asking_admin()) ORDER BY created_at, issuer LIMIT 1
$$;

-- The accounts that other issuers know by this subject: for administrators.
CREATE FUNCTION external_users(p_subject text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT user_id FROM external_identities WHERE subject = p_subject AND asking_admin()
$$;

ALTER FUNCTION external_subject(uuid) OWNER TO moorage_engine;
ALTER FUNCTION external_users(text) OWNER TO moorage_engine;
REVOKE ALL ON FUNCTION external_subject(uuid), external_users(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION external_subject(uuid), external_users(text) TO moorage_web, moorage_worker;
