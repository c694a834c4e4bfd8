-- What never changes, and who may read and do what.

-- Fails the commit when the totals of an invoice or quote are not the sums of its lines.
CREATE OR REPLACE FUNCTION check_document_sums() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE is_right boolean;
BEGIN
  IF TG_TABLE_NAME = 'invoices' THEN
    SELECT (sum(net_minor), sum(tax_minor), sum(gross_minor)) = (NEW.net_minor, NEW.tax_minor, NEW.gross_minor)
      INTO is_right FROM invoice_lines WHERE invoice_id = NEW.id;
  ELSE
    SELECT (sum(net_minor), sum(tax_minor), sum(gross_minor)) = (NEW.net_minor, NEW.tax_minor, NEW.gross_minor)
      INTO is_right FROM quote_lines WHERE quote_id = NEW.id;
  END IF;
  IF is_right IS NOT TRUE THEN
    RAISE EXCEPTION 'the totals of % % are not the sums of its lines', TG_TABLE_NAME, NEW.id
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
ALTER FUNCTION check_document_sums() OWNER TO moorage_engine;
CREATE CONSTRAINT TRIGGER sums AFTER INSERT OR UPDATE OF net_minor, tax_minor, gross_minor ON invoices
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_document_sums();
CREATE CONSTRAINT TRIGGER sums AFTER INSERT OR UPDATE OF net_minor, tax_minor, gross_minor ON quotes
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_document_sums();

-- What an invoice with a number says is never said otherwise: only its status, money and reminders move.
CREATE OR REPLACE FUNCTION keep_issued_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR (OLD.series, OLD.no, OLD.number, OLD.customer_id, OLD.customer_email, OLD.customer_name,
      OLD.customer_address, OLD.booking_id, OLD.quote_id, OLD.currency, OLD.net_minor, OLD.tax_minor, OLD.gross_minor,
      OLD.note, OLD.issued_at)
     IS DISTINCT FROM (NEW.series, NEW.no, NEW.number, NEW.customer_id, NEW.customer_email, NEW.customer_name,
      NEW.customer_address, NEW.booking_id, NEW.quote_id, NEW.currency, NEW.net_minor, NEW.tax_minor, NEW.gross_minor,
      NEW.note, NEW.issued_at) THEN
    RAISE EXCEPTION 'invoice % is issued', OLD.number USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_issued BEFORE UPDATE OR DELETE ON invoices
  FOR EACH ROW WHEN (OLD.status <> 'draft') EXECUTE FUNCTION keep_issued_invoice();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoice_lines FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON quote_lines FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE ON invoice_payments FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoice_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON invoice_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

SELECT guard_tables('{
  invoice_series, invoices, invoice_lines, invoice_payments, invoice_events, quotes, quote_lines, tax_rates,
  portal_links}');
SELECT run_as_engine('{
  draft_invoice, finalize_invoice, bill_booking, void_invoice, write_off_invoice, make_quote, accept_quote,
  decline_quote, withdraw_quote, open_of_invoice, host_invoice}', '{moorage_web, moorage_worker}');
SELECT run_as_engine('{choose_tax_rate, invoices_to_remind_of, remind_of_invoices, void_invoices_of_cancelled}', '{moorage_worker}');
SELECT run_as_engine('{
  check_may_invoice, asking_product, account_at, split_tax, priced_lines, sum_lines, note_invoice, number_invoice,
  lock_invoice, invoice_owed, move_invoice_refunded, apply_invoice_payment, count_invoice_payment, uncount_invoice_payment,
  cover_booking_invoices, invoice_address, own_tax_bps, tax_of_payment, foresee_tax, tax_sale, tax_sold_at_once,
  close_invoice, lock_whole_invoice, hosted_lines, stop_hosting, lock_quote, price_booking, keep_issued_invoice}');
GRANT UPDATE ON invoice_series, invoices, quotes, tax_rates TO moorage_engine;
GRANT DELETE ON invoice_payments TO moorage_engine;
GRANT SELECT, INSERT, UPDATE, DELETE ON tax_rates, portal_links TO moorage_worker;

-- What the web role reads: a customer their own, an administrator everything. Rates are no secret.
GRANT SELECT ON invoices, invoice_lines, invoice_payments, invoice_events, quotes, quote_lines, tax_rates TO moorage_web;
GRANT INSERT, UPDATE, DELETE ON tax_rates TO moorage_web;
CREATE POLICY asking ON invoices FOR SELECT TO moorage_web
  USING (customer_id = (SELECT asking_user()) OR (SELECT asking_admin()));
CREATE POLICY asking ON invoice_lines FOR SELECT TO moorage_web
  USING (EXISTS (SELECT FROM invoices i WHERE i.id = invoice_lines.invoice_id));
CREATE POLICY asking ON invoice_payments FOR SELECT TO moorage_web
  USING (EXISTS (SELECT FROM invoices i WHERE i.id = invoice_payments.invoice_id));
CREATE POLICY asking ON invoice_events FOR SELECT TO moorage_web USING ((SELECT asking_admin()));
CREATE POLICY asking ON quotes FOR SELECT TO moorage_web
  USING (customer_id = (SELECT asking_user()) OR (SELECT asking_admin()));
CREATE POLICY asking ON quote_lines FOR SELECT TO moorage_web
  USING (EXISTS (SELECT FROM quotes q WHERE q.id = quote_lines.quote_id));
CREATE POLICY reading ON tax_rates FOR SELECT TO moorage_web USING (true);
CREATE POLICY asking ON tax_rates TO moorage_web USING ((SELECT asking_admin())) WITH CHECK ((SELECT asking_admin()));
