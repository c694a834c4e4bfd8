-- The audit log knows nothing of accounts; who is an administrator is known from here on up.
CREATE POLICY admin_reads ON audit_log FOR SELECT TO moorage_web USING ((SELECT asking_admin()));
