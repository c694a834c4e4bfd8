-- Receipts: what came in for our own sales, how much of it is tax, and what of both was given back. One row per payment,
-- as `earnings` are for practitioners.

-- Records what one payment brought: from where it is held -> sales (net) and tax_payable. Once per payment: false when
-- it was recorded before. Locks: the balance rows (through `post`); the caller holds what was paid for.
CREATE OR REPLACE FUNCTION record_receipt(p_payment uuid, p_reference_type text, p_reference uuid, p_gross bigint,
                                          p_tax bigint, p_currency text, p_held text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO receipts (payment_id, reference_id, currency, gross_minor, tax_minor)
  VALUES (p_payment, p_reference, p_currency, p_gross, p_tax) ON CONFLICT (payment_id) DO NOTHING;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  RETURN post(new_id(), 'receipt', p_reference_type, p_reference, 'receipt:' || p_payment, p_currency,
              ARRAY[p_held, 'sales', 'tax_payable'], ARRAY[p_gross, p_tax - p_gross, -p_tax]);
END $$;

-- How much of giving back `p_amount` of a payment is tax: so that the running total is half_up(tax * given back / gross).
-- NULL where nothing was received for it. Moves the running totals; the caller posts. Locks: the receipt's row.
CREATE OR REPLACE FUNCTION take_back_tax(p_payment uuid, p_amount bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE r receipts; tax bigint;
BEGIN
  SELECT * INTO r FROM receipts WHERE payment_id = p_payment FOR UPDATE;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  tax := half_up(r.tax_minor::numeric * (r.reversed_gross_minor + p_amount), r.gross_minor) - r.reversed_tax_minor;
  UPDATE receipts SET reversed_gross_minor = reversed_gross_minor + p_amount,
                      reversed_tax_minor = reversed_tax_minor + tax, updated_at = now()
   WHERE payment_id = p_payment;
  RETURN tax;
END $$;

-- Where a payment's money lies that earned nobody anything, for giving back `p_amount` of it: sales and tax, or still
-- held when it was not received for anything. `p_lost` takes a lost dispute's net as a loss, not from sales. The caller
-- posts.
CREATE OR REPLACE FUNCTION take_back_receipt(p_payment uuid, p_amount bigint, p_held text, p_lost boolean,
                                             OUT accounts text[], OUT amounts bigint[]) LANGUAGE plpgsql AS $$
DECLARE tax bigint := take_back_tax(p_payment, p_amount);
BEGIN
  accounts := ARRAY[CASE WHEN tax IS NULL THEN p_held WHEN p_lost THEN 'dispute_losses' ELSE 'sales' END, 'tax_payable'];
  amounts := ARRAY[p_amount - coalesce(tax, 0), coalesce(tax, 0)];
END $$;

-- What a posting took off the tax that is payable.
CREATE OR REPLACE FUNCTION taxed_by(p_cause text) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT coalesce(sum(l.amount_minor), 0)::bigint
    FROM ledger_transactions t JOIN ledger_entries l ON l.transaction_id = t.id
    JOIN ledger_accounts a ON a.no = l.account_no AND a.code = 'tax_payable'
   WHERE t.cause = p_cause
$$;

-- Puts the running totals back by what one posting moved, when that was reversed.
CREATE OR REPLACE FUNCTION restore_receipt(p_payment uuid, p_posted uuid, p_amount bigint) RETURNS void
LANGUAGE sql AS $$
  UPDATE receipts r
     SET reversed_gross_minor = r.reversed_gross_minor - p_amount,
         reversed_tax_minor = r.reversed_tax_minor
           - (SELECT taxed_by(t.cause) FROM ledger_transactions t WHERE t.id = p_posted),
         updated_at = now()
   WHERE r.payment_id = p_payment
     AND EXISTS (SELECT FROM ledger_entries l JOIN ledger_accounts a ON a.no = l.account_no
                  WHERE l.transaction_id = p_posted AND a.code IN ('sales', 'tax_payable', 'dispute_losses'))
$$;
