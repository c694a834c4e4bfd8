-- Which practitioner is asking, whatever their verification says; NULL when who asks is none.
CREATE OR REPLACE FUNCTION asking_practitioner() RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT id FROM practitioners WHERE user_id = asking_user()
$$;
ALTER FUNCTION asking_practitioner() OWNER TO moorage_engine;
GRANT SELECT ON practitioners TO moorage_engine;
