-- Who may touch the ledger, and what nobody may do: append-only by trigger, balanced at commit, forced row security.

-- Fails the commit of a transaction whose entries do not sum to zero, or that has fewer than two.
CREATE OR REPLACE FUNCTION check_transaction_balances() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE lines bigint; total numeric;
BEGIN
  SELECT count(*), sum(amount_minor) INTO lines, total FROM ledger_entries WHERE transaction_id = NEW.transaction_id;
  IF lines < 2 OR total <> 0 THEN
    PERFORM refuse('unbalanced_transaction', 'A transaction has two or more entries that sum to zero.');
  END IF;
  RETURN NULL;
END $$;
ALTER FUNCTION check_transaction_balances() OWNER TO moorage_engine;

-- A transaction without entries is caught through its own row.
CREATE OR REPLACE FUNCTION check_transaction_has_entries() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM ledger_entries WHERE transaction_id = NEW.id) THEN
    PERFORM refuse('unbalanced_transaction', 'A transaction has two or more entries that sum to zero.');
  END IF;
  RETURN NULL;
END $$;
ALTER FUNCTION check_transaction_has_entries() OWNER TO moorage_engine;

CREATE CONSTRAINT TRIGGER sums_to_zero AFTER INSERT ON ledger_entries
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_transaction_balances();
CREATE CONSTRAINT TRIGGER has_entries AFTER INSERT ON ledger_transactions
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_transaction_has_entries();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_transactions
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ledger_transactions
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_entries
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ledger_entries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_accounts
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ledger_accounts
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- A balance moves, but its row stays.
CREATE TRIGGER keep_rows BEFORE DELETE ON ledger_balances FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_rows_truncate BEFORE TRUNCATE ON ledger_balances
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Row security: the product's own roles see all; a practitioner their own accounts and earnings; an administrator all.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['ledger_accounts', 'ledger_balances', 'ledger_transactions', 'ledger_entries', 'earnings',
                              'receipts'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY product ON %I TO moorage_engine, moorage_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('REVOKE ALL ON %I FROM PUBLIC, moorage_web, moorage_worker, moorage_engine', name);
    EXECUTE format('GRANT SELECT ON %I TO moorage_web, moorage_worker', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO moorage_engine', name);
  END LOOP;
END $$;
GRANT UPDATE ON ledger_balances, earnings, receipts TO moorage_engine;

CREATE POLICY asking ON ledger_accounts FOR SELECT TO moorage_web
  USING (owner_id IN ((SELECT asking_practitioner()), (SELECT asking_user())) OR (SELECT asking_admin()));
CREATE POLICY asking ON ledger_balances FOR SELECT TO moorage_web
  USING ((SELECT asking_admin()) OR account_no = ANY (ARRAY(SELECT no FROM ledger_accounts)));
CREATE POLICY asking ON ledger_entries FOR SELECT TO moorage_web
  USING ((SELECT asking_admin()) OR account_no = ANY (ARRAY(SELECT no FROM ledger_accounts)));
CREATE POLICY asking ON ledger_transactions FOR SELECT TO moorage_web
  USING ((SELECT asking_admin()) OR EXISTS (SELECT FROM ledger_entries e WHERE e.transaction_id = ledger_transactions.id));
CREATE POLICY asking ON receipts FOR SELECT TO moorage_web USING ((SELECT asking_admin()));
CREATE POLICY asking ON earnings FOR SELECT TO moorage_web
  USING (practitioner_id = (SELECT asking_practitioner()) OR (SELECT asking_admin()));

-- The functions run as the engine, and are called from the product's own code.
ALTER FUNCTION post(uuid, text, text, uuid, text, text, text[], bigint[], uuid) OWNER TO moorage_engine;
ALTER FUNCTION reverse_transaction(uuid, uuid, text) OWNER TO moorage_engine;
ALTER FUNCTION record_earning(uuid, uuid, uuid, bigint, bigint, integer, text, boolean) OWNER TO moorage_engine;
ALTER FUNCTION reverse_earning(uuid, text, text, uuid, text, bigint, text, text, text, boolean) OWNER TO moorage_engine;
ALTER FUNCTION restore_earning(uuid, text, text, bigint) OWNER TO moorage_engine;
ALTER FUNCTION schedule_earnings(uuid, timestamptz) OWNER TO moorage_engine;
ALTER FUNCTION release_earnings(timestamptz, uuid, integer) OWNER TO moorage_engine;
ALTER FUNCTION hold_earning(uuid, timestamptz) OWNER TO moorage_engine;
REVOKE ALL ON FUNCTION
  post(uuid, text, text, uuid, text, text, text[], bigint[], uuid), reverse_transaction(uuid, uuid, text),
  record_earning(uuid, uuid, uuid, bigint, bigint, integer, text, boolean),
  reverse_earning(uuid, text, text, uuid, text, bigint, text, text, text, boolean),
  restore_earning(uuid, text, text, bigint), schedule_earnings(uuid, timestamptz),
  release_earnings(timestamptz, uuid, integer), hold_earning(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  post(uuid, text, text, uuid, text, text, text[], bigint[], uuid), reverse_transaction(uuid, uuid, text),
  record_earning(uuid, uuid, uuid, bigint, bigint, integer, text, boolean),
  reverse_earning(uuid, text, text, uuid, text, bigint, text, text, text, boolean),
  restore_earning(uuid, text, text, bigint), schedule_earnings(uuid, timestamptz),
  release_earnings(timestamptz, uuid, integer), hold_earning(uuid, timestamptz) TO moorage_worker;
ALTER FUNCTION record_receipt(uuid, text, uuid, bigint, bigint, text, text) OWNER TO moorage_engine;
REVOKE ALL ON FUNCTION record_receipt(uuid, text, uuid, bigint, bigint, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_receipt(uuid, text, uuid, bigint, bigint, text, text) TO moorage_worker;
