-- A period of a subscription, billed by its provider: learned of, paid once, posted once.

-- What a provider said, when it was asked at `p_asked_at`, of a subscription and (where `p_period` is not NULL) of one
-- billed period: both are kept, and the period's payment is opened (`p_payment` at first sight) and settled. Closes the
-- stored event `p_event` where there is one. Answers as settle_payment does, 'noted' where there is nothing to settle.
-- Locks: the subscription's lock, its row, the payment's, then balances.
CREATE FUNCTION settle_period(p_event uuid, p_id uuid, p_payment uuid, p_provider text, p_told jsonb, p_period jsonb,
                              p_asked_at timestamptz, p_now timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE subscription uuid; payment uuid; outcome text := 'noted';
BEGIN
  subscription := record_subscription(p_id, p_provider, p_told, p_period ->> 'payer_email', p_asked_at);
  IF p_period ->> 'status' IS NOT NULL THEN
    payment := payment_of_period(p_provider, subscription, p_period);
    IF payment IS NULL THEN
      payment := p_payment;
      PERFORM open_period(payment, subscription, p_period);
    END IF;
    outcome := settle_payment(payment, p_period ->> 'status', (p_period ->> 'amount_minor')::bigint,
                              p_period ->> 'currency', p_period ->> 'reference', p_period ->> 'payment_method',
                              p_period ->> 'failure_code', p_provider || '_period', p_period -> 'data', p_now);
  END IF;
  IF p_event IS NOT NULL THEN
    PERFORM close_event(p_event, CASE outcome WHEN 'parked' THEN 'parked' WHEN 'impossible' THEN 'ignored'
                                 ELSE 'processed' END,
                        'subscription ' || (p_told ->> 'status') || coalesce(', period ' || (p_period ->> 'status'), '')
                        || ': ' || outcome);
  END IF;
  RETURN outcome;
END $$;
SELECT run_as_engine('{settle_period}', '{moorage_worker}');
