-- Invoices that a provider hosts: shown and collected at its own address, beside our page. At the provider each is a
-- payment of the mode `invoice`: made, stopped and settled as every other, and no obstacle to paying in another way.

-- Locks an invoice for whoever ends it or has it hosted; a booking's after the booking, as whoever settles it does.
CREATE OR REPLACE FUNCTION lock_whole_invoice(p_invoice uuid) RETURNS invoices LANGUAGE plpgsql AS $$
BEGIN
  PERFORM lock_booking(booking_id) FROM invoices WHERE id = p_invoice AND booking_id IS NOT NULL;
  RETURN lock_invoice(p_invoice);
END $$;

-- Opens the payment of all that is open of an invoice at the provider that is to host it, and plans making the invoice
-- there. Answers the operation to carry out: NULL when there is none, being hosted already, or nothing for a provider
-- (not open, nothing owed, of a booking that still waits for its deposit). Whoever may write invoices, and its customer
-- (who accepts a quote), may have it hosted; for the others it refuses 'forbidden'. `p_page`: the
-- address of its own page, as rows keep it.
-- Locks: its booking, the invoice, then the payment that is hosted for it.
CREATE OR REPLACE FUNCTION host_invoice(p_invoice uuid, p_payment uuid, p_operation uuid, p_provider text, p_page text)
RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE i invoices := lock_whole_invoice(p_invoice); owed bigint; hosted payments;
BEGIN
  IF (i.customer_id = asking_user()) IS NOT TRUE THEN
    PERFORM check_may_invoice('Invoices are for administrators to write.');
  END IF;
  owed := open_of_invoice(i);
  IF i.status IS DISTINCT FROM 'open' OR owed = 0
     OR EXISTS (SELECT FROM bookings b WHERE b.id = i.booking_id AND b.status = 'pending') THEN
    RETURN NULL;
  END IF;
  SELECT * INTO hosted FROM payments p
   WHERE p.id = i.hosted_payment_id AND p.amount_minor = owed
     AND (p.status IN ('pending', 'requires_action', 'processing') OR p.status = 'failed' AND p.provider_ref IS NOT NULL)
     AND NOT EXISTS (SELECT FROM provider_operations o WHERE o.payment_id = p.id AND o.kind = 'cancel');
  IF FOUND THEN
    RETURN (SELECT o.id FROM provider_operations o WHERE o.payment_id = hosted.id AND o.kind = 'create'
               AND o.status IN ('planned', 'called', 'unknown'));
  END IF;
  PERFORM stop_hosting(i.id, 'replaced');
  PERFORM open_payment(p_payment, p_operation, CASE WHEN i.booking_id IS NULL THEN 'invoice' ELSE 'booking_balance' END,
                       coalesce(i.booking_id, i.id), i.customer_id, owed, i.currency, p_provider);
  PERFORM describe_payment(p_payment, jsonb_build_object(
    'mode', 'invoice', 'description', 'Invoice ' || i.number, 'lines', hosted_lines(i, owed),
    'return_url', p_page, 'cancel_url', p_page,
    'payer_email', i.customer_email, 'metadata', jsonb_build_object('invoice_id', i.id)));
  PERFORM foresee_tax(p_payment);
  UPDATE invoices SET hosted_payment_id = p_payment, updated_at = now() WHERE id = i.id;
  RETURN p_operation;
END $$;

-- The lines of an invoice as its payer reads them at the provider: what each comes to, with its tax. One line where only
-- a part is still open.
CREATE OR REPLACE FUNCTION hosted_lines(i invoices, p_owed bigint) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN i.gross_minor = p_owed THEN
    (SELECT jsonb_agg(jsonb_build_object(
              'name', CASE WHEN l.quantity > 1 THEN l.quantity || ' × ' ELSE '' END || l.description,
              'amount_minor', l.gross_minor, 'quantity', 1, 'description', '') ORDER BY l."position")
       FROM invoice_lines l WHERE l.invoice_id = i.id)
  ELSE jsonb_build_array(jsonb_build_object(
         'name', 'Balance of invoice ' || i.number, 'amount_minor', p_owed, 'quantity', 1, 'description', '')) END
$$;

-- Has the provider that hosts an invoice void it, unless `p_but` is the payment that paid it there. Money that is on its
-- way even then is settled as any late one. Answers the planned operations. The caller holds the invoice's row.
CREATE OR REPLACE FUNCTION stop_hosting(p_invoice uuid, p_reason text, p_but uuid DEFAULT NULL) RETURNS uuid[]
LANGUAGE plpgsql AS $$
DECLARE hosted uuid; operation uuid := new_id();
BEGIN
  SELECT p.id INTO hosted FROM invoices i JOIN payments p ON p.id = i.hosted_payment_id
   WHERE i.id = p_invoice AND p.id IS DISTINCT FROM p_but
     AND p.status IN ('pending', 'requires_action', 'processing', 'failed');
  IF NOT FOUND THEN
    RETURN '{}';
  END IF;
  PERFORM plan_cancel(operation, hosted, p_reason, asking_user());
  RETURN ARRAY(SELECT o.id FROM provider_operations o WHERE o.id = operation);
END $$;
