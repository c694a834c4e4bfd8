-- The sandbox stands for somebody else's system: only the worker's connection, on which it runs, may touch its records.
REVOKE ALL ON SCHEMA sandbox FROM PUBLIC, moorage_web, moorage_engine;
REVOKE ALL ON ALL TABLES IN SCHEMA sandbox FROM PUBLIC, moorage_web, moorage_worker, moorage_engine;
GRANT USAGE ON SCHEMA sandbox TO moorage_worker;
-- What has been charged, given back and told is never deleted.
GRANT SELECT, INSERT, UPDATE ON sandbox.intents, sandbox.charges, sandbox.refunds, sandbox.disputes, sandbox.transfers,
  sandbox.payouts, sandbox.accounts, sandbox.subscriptions, sandbox.deliveries TO moorage_worker;
GRANT SELECT, INSERT ON sandbox.events TO moorage_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON sandbox.idempotency_keys, sandbox.faults TO moorage_worker;

-- Forced like on every table with financial rows: not even the owner of the tables reads them by the way.
DO $$
DECLARE
  relation regclass;
BEGIN
  FOR relation IN
    SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'sandbox'::regnamespace AND c.relkind = 'r'
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', relation);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', relation);
    EXECUTE format('DROP POLICY IF EXISTS the_gateway ON %s', relation);
    EXECUTE format('CREATE POLICY the_gateway ON %s TO moorage_worker USING (true) WITH CHECK (true)', relation);
  END LOOP;
END $$;
