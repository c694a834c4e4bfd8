-- Notifications: a mail is a row written in the transaction that causes it, and a job that sends it.

-- Queues one mail, unless its cause has been told already; for somebody without an address of their own (RFC 2606), none.
-- Locks nothing but the unique key of the cause.
CREATE OR REPLACE FUNCTION queue_mail(p_user uuid, p_recipient text, p_subject text, p_body text, p_cause text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_id uuid := new_id();
BEGIN
  IF p_recipient LIKE '%.invalid' THEN
    RETURN;
  END IF;
  INSERT INTO mails (id, user_id, recipient, subject, body_text, cause)
  VALUES (v_id, p_user, p_recipient, p_subject, p_body, p_cause)
  ON CONFLICT (cause) DO NOTHING;
  IF FOUND THEN
    PERFORM enqueue_job('send_mail', jsonb_build_object('mail_id', v_id), 'send_mail:' || v_id);
  END IF;
END $$;
SELECT run_as_engine('{queue_mail}', '{moorage_worker}');

ALTER TABLE mails ENABLE ROW LEVEL SECURITY;
ALTER TABLE mails FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS mails_product ON mails;
CREATE POLICY mails_product ON mails TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON mails TO moorage_worker;
