-- Who may touch payments: the product's roles everything its functions need, the web role reads what is the asker's.

-- By statement: it fails for a role as well to whom row-level security shows no row.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON payment_audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON payment_audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

SELECT guard_tables('{
  payments, payment_audit, refunds, disputes, provider_operations, webhook_events, provider_cursors,
  payment_records, provider_customers, provider_products, webhook_rejections, reconciliation_findings}');
-- Only the product's worker role calls the functions; what the web role may call is granted below by name.
SELECT run_as_engine('{
  open_payment, plan_operation, record_payment_status, restate_payment, plan_cancel, plan_confirm, plan_capture,
  plan_refund, record_refund, note_refund_reference, record_external_refund, record_dispute, store_events,
  claim_events, close_event, postpone_event, replay_event, claim_operation, close_operation, due_operations,
  move_cursor, count_rejection}', '{moorage_worker}');
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
