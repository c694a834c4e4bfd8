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
SELECT guard_tables('{
  ledger_accounts, ledger_balances, ledger_transactions, ledger_entries, earnings, receipts}',
  '{moorage_web, moorage_worker}');
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
SELECT run_as_engine('{
  post, reverse_transaction, record_earning, reverse_earning, restore_earning, schedule_earnings,
  release_earnings, hold_earning, record_receipt}', '{moorage_worker}');
SELECT run_as_engine('{mark_paid_earnings}');
