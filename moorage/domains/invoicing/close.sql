-- Ending an invoice that is not to be paid, and reminding of one that is.

-- Voids an invoice: its number stays used, nothing of it can be collected any more, and what is under way is stopped.
-- Money that was counted for it has to be refunded, not voided. Answers the planned operations, for whoever waits.
-- Again for one that is void: nothing. Refuses 'forbidden', 'not_found', 'invalid_state' (draft or paid, in part too).
-- Locks: its booking, the invoice, then its payments.
CREATE OR REPLACE FUNCTION void_invoice(p_invoice uuid, p_reason text, p_now timestamptz) RETURNS uuid[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE i invoices;
BEGIN
  PERFORM check_may_invoice('Invoices are for administrators to void.');
  i := lock_whole_invoice(p_invoice);
  IF i.id IS NULL THEN
    PERFORM refuse('not_found', 'There is no such invoice.');
  ELSIF i.status = 'void' THEN
    RETURN '{}';
  ELSIF i.status = 'draft' OR i.paid_minor > 0 THEN
    PERFORM refuse('invalid_state', CASE WHEN i.status = 'draft' THEN 'A draft has no number to void.'
                                    ELSE 'Money was paid for this invoice: refund that instead.' END);
  END IF;
  RETURN close_invoice(p_invoice, p_reason, p_now) || stop_collecting(p_invoice, 'invoice_void', asking_user());
END $$;

-- What voiding writes; a provider that hosts the invoice voids it too. Money that was counted for a booking's invoice
-- stays counted when another one replaces it. Answers the planned operations. The caller holds the invoice's row.
CREATE OR REPLACE FUNCTION close_invoice(p_invoice uuid, p_reason text, p_now timestamptz) RETURNS uuid[]
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE invoices SET status = 'void', voided_at = p_now, void_reason = p_reason, updated_at = now()
   WHERE id = p_invoice;
  PERFORM note_invoice(p_invoice, 'voided', jsonb_build_object('reason', p_reason));
  RETURN stop_hosting(p_invoice, 'invoice_void');
END $$;

-- Writes an open invoice off: it may still be paid here, but nobody reminds of it. Refuses 'forbidden', 'not_found',
-- 'invalid_state'. Locks: its booking, the invoice, then the payment that is hosted for it.
CREATE OR REPLACE FUNCTION write_off_invoice(p_invoice uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE i invoices;
BEGIN
  PERFORM check_may_invoice('Invoices are for administrators to write off.');
  i := lock_whole_invoice(p_invoice);
  IF i.id IS NULL THEN
    PERFORM refuse('not_found', 'There is no such invoice.');
  ELSIF i.status NOT IN ('open', 'uncollectible') THEN
    PERFORM refuse('invalid_state', format('This invoice is %s.', i.status));
  ELSIF i.status = 'open' THEN
    UPDATE invoices SET status = 'uncollectible', updated_at = now() WHERE id = p_invoice;
    PERFORM note_invoice(p_invoice, 'written_off');
    PERFORM stop_hosting(p_invoice, 'invoice_written_off');
  END IF;
END $$;

-- Voids open invoices whose booking was cancelled and for which nothing was paid. Answers how many. Locks: the
-- invoices, skipping those that somebody has.
CREATE OR REPLACE FUNCTION void_invoices_of_cancelled(p_now timestamptz, p_limit integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE stale uuid; voided integer := 0;
BEGIN
  FOR stale IN SELECT i.id FROM invoices i JOIN bookings b ON b.id = i.booking_id
                WHERE i.status = 'open' AND b.status = 'cancelled' AND i.paid_minor = 0
                ORDER BY i.id LIMIT p_limit FOR UPDATE OF i SKIP LOCKED LOOP
    PERFORM close_invoice(stale, 'booking_cancelled', p_now);
    voided := voided + 1;
  END LOOP;
  RETURN voided;
END $$;

-- The invoices of which to remind by `p_now`, with what their links are made from. `p_days`: in days from the due date,
-- ascending, below zero before it. Locks: the invoices, skipping those that somebody has.
CREATE OR REPLACE FUNCTION invoices_to_remind_of(p_days integer[], p_now timestamptz, p_limit integer)
RETURNS TABLE (id uuid, link_nonce bytea) LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT x.id, x.link_nonce FROM invoices x
   WHERE x.status = 'open' AND x.reminders_sent < cardinality(p_days)
     AND x.due_at + make_interval(days => p_days[x.reminders_sent + 1]) <= p_now
   ORDER BY x.due_at, x.id LIMIT p_limit FOR UPDATE SKIP LOCKED
$$;

-- Sends the reminders of invoices that `invoices_to_remind_of` answered in this transaction, each at most once, and of
-- several that were missed only the last. `p_pages`: the address of each one's page by its id. Answers how many mails.
-- Locks: the invoices, which the caller holds.
CREATE OR REPLACE FUNCTION remind_of_invoices(p_days integer[], p_pages jsonb, p_now timestamptz) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE i invoices; due integer; sent integer := 0; owed bigint;
BEGIN
  FOR i IN SELECT x.* FROM jsonb_object_keys(p_pages) AS page (id) JOIN invoices x ON x.id = page.id::uuid
            WHERE x.status = 'open' ORDER BY x.due_at, x.id FOR UPDATE OF x LOOP
    SELECT count(*) INTO due FROM unnest(p_days) AS d WHERE i.due_at + make_interval(days => d) <= p_now;
    CONTINUE WHEN due <= i.reminders_sent;
    owed := open_of_invoice(i);
    UPDATE invoices SET reminders_sent = due, updated_at = now() WHERE id = i.id;
    CONTINUE WHEN owed = 0;
    PERFORM queue_mail(i.customer_id, invoice_address(i),
      CASE WHEN p_days[due] < 0 THEN 'Due soon: invoice ' WHEN p_days[due] = 0 THEN 'Due today: invoice '
           ELSE 'Overdue: invoice ' END || i.number,
      concat_ws(E'\n', format('Invoice %s: %s %s due on %s.', i.number, spoken_amount(owed, i.currency),
                              CASE WHEN i.due_at < p_now THEN 'was' ELSE 'is' END,
                              to_char(i.due_at AT TIME ZONE 'UTC', 'FMDD FMMonth YYYY')),
                'See and pay it here:', p_pages ->> i.id::text),
      format('invoice_reminder:%s:%s', i.id, due));
    PERFORM note_invoice(i.id, 'reminded', jsonb_build_object('step', due));
    sent := sent + 1;
  END LOOP;
  RETURN sent;
END $$;
