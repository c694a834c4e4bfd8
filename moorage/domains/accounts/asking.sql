-- Whether who is asking is an administrator: read from the users' table, whatever a token may say.
CREATE FUNCTION asking_admin() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM users WHERE id = asking_user() AND role IN ('admin', 'owner') AND is_active)
$$;
SELECT run_as_engine('{asking_admin}', '{moorage_web, moorage_worker}');
