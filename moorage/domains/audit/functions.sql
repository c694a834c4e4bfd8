-- The audit log: written by functions alone, read by administrators, changed by nobody.

-- Writes one row. `p_actor` is who did it; left out, who is asking. Locks nothing.
CREATE FUNCTION record_action(p_action text, p_subject_type text, p_subject uuid, p_details jsonb DEFAULT NULL,
                              p_actor uuid DEFAULT asking_user()) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO audit_log (actor_id, action, subject_type, subject_id, details)
  VALUES (p_actor, p_action, p_subject_type, p_subject, p_details)
$$;
-- Not for the web role: it could sign for somebody else. Its actions are functions that call this one.
SELECT run_as_engine('{record_action}', '{moorage_worker}');

CREATE TRIGGER audit_log_stays BEFORE UPDATE OR DELETE ON audit_log
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_log_stays_whole BEFORE TRUNCATE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_log FORCE ROW LEVEL SECURITY;
CREATE POLICY engine_writes ON audit_log TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);
REVOKE UPDATE, DELETE ON audit_log FROM moorage_engine;
GRANT SELECT ON audit_log TO moorage_web, moorage_worker;
-- Who may read it is said in accounts/audit_log.sql, where it is known who is an administrator.
