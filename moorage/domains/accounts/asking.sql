-- Whether who is asking is an administrator: read from the users' table, never from a claim.
CREATE OR REPLACE FUNCTION asking_admin() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM users WHERE id = asking_user() AND role IN ('admin', 'owner') AND is_active)
$$;
ALTER FUNCTION asking_admin() OWNER TO moorage_engine;
GRANT SELECT ON users TO moorage_engine;
