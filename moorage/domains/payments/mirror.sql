-- What a provider keeps of ours: its customers, and its copy of our catalog.

-- Keeps who a payer is at a provider, once: answers the reference that is kept.
CREATE OR REPLACE FUNCTION keep_customer(p_id uuid, p_provider text, p_provider_ref text, p_user uuid, p_email text)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO provider_customers (id, provider, provider_ref, user_id, email)
  VALUES (p_id, p_provider, p_provider_ref, p_user, p_email) ON CONFLICT DO NOTHING;
  RETURN (SELECT c.provider_ref FROM provider_customers c WHERE c.provider = p_provider AND c.user_id = p_user);
END $$;

-- Keeps what a provider made of one of our products: its product, and the one price that is in force; other prices of
-- it are noted as out of use. `p_digest` is of what it was made from.
CREATE OR REPLACE FUNCTION keep_product(p_provider text, p_local_key text, p_product text, p_price text, p_digest text,
                                        p_is_active boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE provider_products SET is_active = false, updated_at = now()
   WHERE provider = p_provider AND local_key = p_local_key AND is_active AND provider_ref NOT IN (p_product, p_price);
  INSERT INTO provider_products AS kept (id, provider, kind, local_key, provider_ref, digest, is_active)
  VALUES (new_id(), p_provider, 'product', p_local_key, p_product, p_digest, p_is_active),
         (new_id(), p_provider, 'price', p_local_key, p_price, p_digest, p_is_active)
  ON CONFLICT (provider, kind, local_key, provider_ref)
  DO UPDATE SET digest = excluded.digest, is_active = excluded.is_active, updated_at = now()
   WHERE (kept.digest, kept.is_active) IS DISTINCT FROM (excluded.digest, excluded.is_active);
END $$;

SELECT run_as_engine('{keep_customer, keep_product}', '{moorage_worker}');
