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

-- For the files that follow: these functions run as the engine, which sees every row, and `p_callers` alone may call
-- them. Fails for a name that no function has.
CREATE FUNCTION run_as_engine(p_functions text[], p_callers text[] DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $$
DECLARE name text; caller text; routine regprocedure;
BEGIN
  FOREACH name IN ARRAY p_functions LOOP
    FOR routine IN SELECT oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname = name LOOP
      EXECUTE format('ALTER FUNCTION %s OWNER TO moorage_engine', routine);
      EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', routine);
      FOREACH caller IN ARRAY p_callers LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', routine, caller);
      END LOOP;
    END LOOP;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'there is no function %', name;
    END IF;
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION run_as_engine(text[], text[]) FROM PUBLIC;

-- For the files that follow: rows of these tables are added by the engine's functions alone, and what `p_readers` see of
-- them is for policies to say; the worker sees all. What the engine may change is granted where its functions stand.
CREATE FUNCTION guard_tables(p_tables text[], p_readers text[] DEFAULT '{moorage_worker}') RETURNS void
LANGUAGE plpgsql AS $$
DECLARE name text; reader text;
BEGIN
  FOREACH name IN ARRAY p_tables LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY product ON %I TO moorage_engine, moorage_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('REVOKE ALL ON %I FROM PUBLIC, moorage_web, moorage_worker, moorage_engine', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO moorage_engine', name);
    FOREACH reader IN ARRAY p_readers LOOP
      EXECUTE format('GRANT SELECT ON %I TO %I', name, reader);
    END LOOP;
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION guard_tables(text[], text[]) FROM PUBLIC;
