-- Who may touch payments: the product's roles everything its functions need, the web role reads what is the asker's.

-- By statement: it fails for a role as well to whom row-level security shows no row.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON payment_audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON payment_audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

DO $$
DECLARE name text; routine regprocedure;
BEGIN
  FOREACH name IN ARRAY ARRAY['payments', 'payment_audit', 'refunds', 'disputes', 'provider_operations',
                              'webhook_events', 'provider_cursors', 'payment_records', 'provider_customers',
                              'provider_products', 'webhook_rejections', 'reconciliation_findings'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY product ON %I TO moorage_engine, moorage_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('REVOKE ALL ON %I FROM PUBLIC, moorage_web, moorage_worker, moorage_engine', name);
    EXECUTE format('GRANT SELECT ON %I TO moorage_worker', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO moorage_engine', name);
  END LOOP;
  -- The functions run as the engine; only the product's worker role calls them, and what the web role may call is
  -- granted below by name.
  FOREACH routine IN ARRAY ARRAY[
    'open_payment(uuid,uuid,text,uuid,uuid,bigint,text,text)', 'plan_operation(uuid,text,text,uuid,uuid,jsonb)',
    'record_payment_status(uuid,text,text,text,text,text,jsonb,uuid)', 'restate_payment(uuid,text,jsonb,uuid)',
    'plan_cancel(uuid,uuid,text,uuid)', 'plan_confirm(uuid,uuid,text)', 'plan_capture(uuid,uuid,bigint)',
    'plan_refund(uuid,uuid,uuid,bigint,text,uuid)', 'record_refund(uuid,boolean,text,text,jsonb)',
    'note_refund_reference(uuid,text)', 'record_external_refund(uuid,uuid,bigint,text)',
    'record_dispute(uuid,uuid,text,bigint,text,text,timestamptz,jsonb)',
    'store_events(uuid[],text[],text[],text[],bytea[])', 'claim_events(integer,interval)', 'close_event(uuid,text,text)',
    'postpone_event(uuid,text,interval)', 'replay_event(uuid)', 'claim_operation(uuid,interval)',
    'close_operation(uuid,text,jsonb,text,interval)', 'due_operations(integer,interval)',
    'move_cursor(text,timestamptz)', 'count_rejection(text,text)']::regprocedure[] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO moorage_engine', routine);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', routine);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO moorage_worker', routine);
  END LOOP;
END $$;
GRANT UPDATE ON payments, refunds, disputes, provider_operations, webhook_events, provider_cursors, payment_records,
  provider_customers, provider_products, webhook_rejections, reconciliation_findings TO moorage_engine;

-- What the web role reads: the payer's own, what a practitioner earned from, and everything for an administrator.
GRANT SELECT ON payments, refunds, disputes, payment_audit TO moorage_web;
GRANT SELECT (id, provider, event_id, event_type, status, outcome, attempts, next_at, received_at, processed_at,
              created_at, updated_at)
  ON webhook_events TO moorage_web;
CREATE POLICY asking ON payments FOR SELECT TO moorage_web
  USING (payer_id = (SELECT asking_user()) OR (SELECT asking_admin())
         OR id = ANY (ARRAY(SELECT e.payment_id FROM earnings e WHERE e.practitioner_id = (SELECT asking_practitioner()))));
CREATE POLICY asking ON refunds FOR SELECT TO moorage_web
  USING (EXISTS (SELECT FROM payments p WHERE p.id = refunds.payment_id));
CREATE POLICY asking ON disputes FOR SELECT TO moorage_web
  USING (EXISTS (SELECT FROM payments p WHERE p.id = disputes.payment_id));
CREATE POLICY asking ON payment_audit FOR SELECT TO moorage_web
  USING (EXISTS (SELECT FROM payments p WHERE p.id = payment_audit.payment_id));
CREATE POLICY asking ON webhook_events FOR SELECT TO moorage_web USING ((SELECT asking_admin()));
GRANT SELECT ON payment_records, provider_customers, provider_products, webhook_rejections, reconciliation_findings
  TO moorage_web;
CREATE POLICY asking ON payment_records FOR SELECT TO moorage_web
  USING (EXISTS (SELECT FROM payments p WHERE p.id = payment_records.payment_id));
CREATE POLICY asking ON provider_customers FOR SELECT TO moorage_web
  USING (user_id = (SELECT asking_user()) OR (SELECT asking_admin()));
CREATE POLICY asking ON provider_products FOR SELECT TO moorage_web USING ((SELECT asking_admin()));
CREATE POLICY asking ON webhook_rejections FOR SELECT TO moorage_web USING ((SELECT asking_admin()));
CREATE POLICY asking ON reconciliation_findings FOR SELECT TO moorage_web USING ((SELECT asking_admin()));
