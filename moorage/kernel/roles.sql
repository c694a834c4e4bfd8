-- Who may do what, before each domain adds to it: nothing is left of what an earlier version granted.
DO $$
DECLARE
  relation text;
BEGIN
  FOR relation IN
    SELECT c.oid::regclass FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relowner = 'moorage_owner'::regrole
       AND c.relname NOT IN ('alembic_version', 'sql_files', 'sql_objects')
  LOOP
    EXECUTE format('REVOKE ALL ON %s FROM PUBLIC, moorage_web, moorage_worker, moorage_engine', relation);
    -- The engine's functions are the only way to what they guard; they read and write everything.
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO moorage_engine', relation);
  END LOOP;
END $$;

GRANT USAGE ON SCHEMA public TO moorage_web, moorage_worker;
-- A function can only be given to a role that may create in its schema.
GRANT USAGE, CREATE ON SCHEMA public TO moorage_engine;
