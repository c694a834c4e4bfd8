-- Tax on what is sold for our own account. A price that is paid always includes it: whoever pays 120.00 at 20 % pays
-- 20.00 of tax. What practitioners earn is their own to tax.

-- The rate for our own sales in basis points: of the one row of the table that the settings chose; 0 without one.
CREATE OR REPLACE FUNCTION own_tax_bps() RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT bps FROM tax_rates WHERE applies), 0)
$$;

-- How much of a payment is tax, were it to succeed now: an invoice's by the running total of what is paid, a sale's by
-- our own rate; none of what is a practitioner's.
CREATE OR REPLACE FUNCTION tax_of_payment(p payments) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF p.purpose = 'invoice' THEN
    RETURN (SELECT half_up(i.tax_minor::numeric * least(i.gross_minor, i.paid_minor + p.amount_minor), i.gross_minor)
                   - half_up(i.tax_minor::numeric * i.paid_minor, i.gross_minor)
              FROM invoices i WHERE i.id = p.purpose_id);
  ELSIF is_sold_at_once(p.purpose) OR EXISTS (
      SELECT FROM bookings b JOIN practitioners s ON s.id = b.practitioner_id AND s.is_house WHERE b.id = p.purpose_id) THEN
    RETURN (split_tax(p.amount_minor, own_tax_bps(), true)).tax_minor;
  END IF;
  RETURN 0;
END $$;

-- Keeps with a payment that is being started how much of it will be tax, for its payer to see. A provider that
-- calculates tax itself says so later. The caller has just written the row.
CREATE OR REPLACE FUNCTION foresee_tax(p_payment uuid) RETURNS void LANGUAGE sql AS $$
  UPDATE payments p SET tax_minor = coalesce(tax_of_payment(p), 0) WHERE p.id = p_payment AND p.tax_minor = 0
$$;

-- Moves the tax in a sale from sales to tax_payable: as the provider calculated it or the payer was shown it, else by our
-- rate. Nothing where there is none. Locks: the payment's row (its caller has it), balances.
CREATE OR REPLACE FUNCTION tax_sale(p_payment uuid, p_type text, p_reference uuid, p_gross bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payments; tax bigint;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment;
  tax := least(p_gross, CASE WHEN p.tax_minor > 0 THEN p.tax_minor ELSE tax_of_payment(p) END);
  IF coalesce(tax, 0) = 0 THEN
    RETURN;
  END IF;
  PERFORM record_receipt(p_payment, p_type, p_reference, p_gross, tax, p.currency, 'sales');
  UPDATE payments SET tax_minor = tax WHERE id = p_payment AND tax_minor <> tax;
END $$;

-- What is sold at once is a sale of ours as soon as it is here; what another site sold is its own to tax.
CREATE OR REPLACE FUNCTION tax_sold_at_once(p_payment uuid) RETURNS void LANGUAGE sql AS $$
  SELECT tax_sale(p.id, 'payment', p.id, p.amount_minor) FROM payments p
   WHERE p.id = p_payment AND NOT EXISTS (SELECT FROM payment_records r WHERE r.payment_id = p.id)
$$;

-- What the business itself delivers is a sale of ours once it is earned.
CREATE OR REPLACE FUNCTION tax_earned_sale() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM tax_sale(NEW.payment_id, 'booking', NEW.booking_id, NEW.gross_minor);
  RETURN NULL;
END $$;
ALTER FUNCTION tax_earned_sale() OWNER TO moorage_engine;
CREATE TRIGGER tax_sale AFTER INSERT ON earnings FOR EACH ROW WHEN (NEW.is_sale) EXECUTE FUNCTION tax_earned_sale();

-- Has the rate of this country and region (else of the whole country; NULL: none) apply to our own sales from now on.
-- Answers its basis points, NULL when there is no such rate. Locks: the rates' rows.
CREATE OR REPLACE FUNCTION choose_tax_rate(p_country text, p_region text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE chosen tax_rates;
BEGIN
  PERFORM FROM tax_rates ORDER BY id FOR UPDATE;
  SELECT * INTO chosen FROM tax_rates WHERE country = p_country AND region IN (p_region, '') ORDER BY region DESC LIMIT 1;
  UPDATE tax_rates SET applies = false, updated_at = now() WHERE applies AND id IS DISTINCT FROM chosen.id;
  UPDATE tax_rates SET applies = true, updated_at = now() WHERE id = chosen.id AND NOT applies;
  RETURN chosen.bps;
END $$;
