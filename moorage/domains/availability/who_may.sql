-- Who may do what with availability. Hours, sessions and the summary are public; claims and outside calendars are read
-- through functions alone.

GRANT SELECT ON zone_offsets, zone_release, weekly_hours, date_overrides, sessions, free_days
  TO moorage_web, moorage_worker, moorage_engine;
GRANT INSERT, UPDATE, DELETE ON weekly_hours, date_overrides, sessions, free_days TO moorage_worker, moorage_engine;
GRANT SELECT, INSERT, UPDATE, DELETE ON claims, outside_busy TO moorage_worker, moorage_engine;
GRANT SELECT ON services TO moorage_engine;
GRANT SELECT, UPDATE (timezone, updated_at) ON practitioners TO moorage_engine;

ALTER TABLE claims ENABLE ROW LEVEL SECURITY;
ALTER TABLE claims FORCE ROW LEVEL SECURITY;
CREATE POLICY claims_product ON claims TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);
ALTER TABLE outside_busy ENABLE ROW LEVEL SECURITY;
ALTER TABLE outside_busy FORCE ROW LEVEL SECURITY;
CREATE POLICY outside_busy_product ON outside_busy TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

-- Reads that anybody may make, and verbs that say themselves who may: they run as the engine, which sees the claims.
SELECT run_as_engine('{
  free_time, lapsed_places, earliest_free, search_free, resources_with_expired_holds, starts_of, summary_end,
  create_sessions, replace_schedule, block_time, unblock_time, blocks_of}', '{moorage_web, moorage_worker}');
-- Writers for the product: whoever asks from outside goes through a journey.
SELECT run_as_engine('{
  refresh_free_days, refresh_around, rebuild_free_days, extend_free_days, roll_free_days, claim_time,
  free_expired_claims, release_claim, release_session_claim, deactivate_claim, confirm_claim, extend_claim,
  move_claim, reclaim, replace_outside_busy}', '{moorage_worker}');
-- Triggers on others' tables run as whoever changes the row, who may not write the summary.
ALTER FUNCTION summary_follows_zone() SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION summary_follows_zone() OWNER TO moorage_engine;
ALTER FUNCTION summary_follows_horizon() SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION summary_follows_horizon() OWNER TO moorage_engine;
