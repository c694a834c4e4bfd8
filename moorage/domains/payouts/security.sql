-- Who may touch payouts: a practitioner reads their own, an administrator all; everything is written by the functions.

SELECT guard_tables('{payees, payouts, payout_weeks}');
GRANT UPDATE ON payees, payouts TO moorage_engine;
SELECT run_as_engine('{
  request_payout, request_weekly_payout, due_weekly_payouts, payout_week_is_due, finish_payout_week, record_payout,
  begin_payee, keep_payee, record_payee, claim_payout_call, tell_payee_refused}', '{moorage_worker}');
SELECT run_as_engine('{request_payout_for_asking, mark_payout_paid, mark_payout_failed}', '{moorage_web, moorage_worker}');

GRANT SELECT ON payouts, payees TO moorage_web;
CREATE POLICY asking ON payouts FOR SELECT TO moorage_web
  USING (practitioner_id = (SELECT asking_practitioner()) OR (SELECT asking_admin()));
CREATE POLICY asking ON payees FOR SELECT TO moorage_web
  USING (practitioner_id = (SELECT asking_practitioner()) OR (SELECT asking_admin()));
