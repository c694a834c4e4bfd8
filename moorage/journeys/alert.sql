-- Tells every administrator by mail, once per cause: something waits for a person.
CREATE OR REPLACE FUNCTION alert_administrators(p_subject text, p_body text, p_cause text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM queue_mail(u.id, u.email, p_subject, p_body, p_cause || ':' || u.id)
     FROM users u WHERE u.role IN ('admin', 'owner') AND u.is_active;
END $$;
SELECT run_as_engine('{alert_administrators}', '{moorage_worker}');
