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

DO $$
DECLARE
  v_function text;
BEGIN
  -- Reads that anybody may make, and verbs that say themselves who may: they run as the engine, which sees the claims.
  FOREACH v_function IN ARRAY ARRAY[
    'free_time(uuid, timestamptz, timestamptz)', 'lapsed_places(uuid)', 'earliest_free(bigint, timestamptz, timestamptz, int)',
    'search_free(timestamptz, timestamptz, int, timestamptz, bigint, int)',
    'resources_with_expired_holds(timestamptz, timestamptz)',
    'starts_of(uuid[], timestamptz, timestamptz, timestamptz, uuid)', 'summary_end(uuid)',
    'create_sessions(uuid, timestamptz[], uuid[], uuid[], int, boolean)',
    'replace_schedule(uuid, text, int[], int[], int[], date[], date[], date[], date[], int[], int[])',
    'block_time(uuid, uuid, tstzrange)', 'unblock_time(uuid)', 'blocks_of(uuid, timestamptz)']
  LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO moorage_engine', v_function);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_function);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO moorage_engine, moorage_worker, moorage_web', v_function);
  END LOOP;
  -- Writers for the product: whoever asks from outside goes through a journey.
  FOREACH v_function IN ARRAY ARRAY[
    'refresh_free_days(bigint, date, date)', 'refresh_around(bigint, tstzrange)', 'rebuild_free_days(uuid)',
    'extend_free_days(uuid)', 'roll_free_days(bigint, int)',
    'claim_time(uuid, bigint, tstzrange, text, timestamptz, uuid, uuid)', 'free_expired_claims(bigint)',
    'release_claim(uuid)', 'release_session_claim(uuid)', 'deactivate_claim(uuid, bigint)', 'confirm_claim(uuid)',
    'extend_claim(uuid, timestamptz)', 'move_claim(uuid, tstzrange)', 'reclaim(uuid)',
    'replace_outside_busy(bigint, text, tstzrange[])']
  LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO moorage_engine', v_function);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_function);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO moorage_engine, moorage_worker', v_function);
  END LOOP;
END $$;
-- Triggers on others' tables run as whoever changes the row, who may not write the summary.
ALTER FUNCTION summary_follows_zone() SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION summary_follows_zone() OWNER TO moorage_engine;
ALTER FUNCTION summary_follows_horizon() SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION summary_follows_horizon() OWNER TO moorage_engine;
