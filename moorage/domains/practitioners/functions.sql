-- Practitioners: who may read and change them, and the decisions that are an administrator's.

-- ------------------------------------------------------------------ who is asking

-- The practitioner that the asking user is, verified or not; NULL when none.
CREATE FUNCTION asking_practitioner() RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT id FROM practitioners WHERE user_id = asking_user()
$$;
SELECT run_as_engine('{asking_practitioner}', '{moorage_web, moorage_worker, moorage_owner}');

-- ------------------------------------------------------------------ what search compares with

-- Keeps the lower-case specializations and the search words beside what they are made of.
CREATE FUNCTION note_practitioner_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.specialization_keys := ARRAY(SELECT DISTINCT lower(name) FROM unnest(NEW.specializations) name);
  NEW.search_words := to_tsvector('simple', concat_ws(' ', NEW.display_name,
                                                     array_to_string(NEW.specializations, ' '), NEW.bio));
  RETURN NEW;
END $$;
CREATE TRIGGER practitioners_words BEFORE INSERT OR UPDATE OF display_name, bio, specializations ON practitioners
  FOR EACH ROW EXECUTE FUNCTION note_practitioner_words();

-- Kilometres along the globe between two points in degrees (haversine; earth's mean radius 6371.0088 km).
CREATE FUNCTION distance_km(p_lat1 float8, p_lng1 float8, p_lat2 float8, p_lng2 float8) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT 2 * 6371.0088 * asin(least(1, sqrt(
    power(sin(radians(p_lat2 - p_lat1) / 2), 2)
    + cos(radians(p_lat1)) * cos(radians(p_lat2)) * power(sin(radians(p_lng2 - p_lng1) / 2), 2))))
$$;

-- ------------------------------------------------------------------ verbs

-- The asking user applies to be a practitioner; who was rejected may apply again, and keeps their id. Refuses
-- `already_applied`. Locks their own row. Returns the practitioner's id.
CREATE FUNCTION apply_practitioner(p_id uuid, p_display_name text, p_bio text, p_timezone text,
                                   p_specializations text[], p_certifications text[]) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_id uuid;
BEGIN
  INSERT INTO practitioners AS p (id, user_id, display_name, bio, timezone, specializations, certifications)
  VALUES (p_id, asking_user(), p_display_name, p_bio, p_timezone, p_specializations, p_certifications)
  ON CONFLICT (user_id) DO UPDATE
     SET display_name = excluded.display_name, bio = excluded.bio, timezone = excluded.timezone,
         specializations = excluded.specializations, certifications = excluded.certifications,
         verification_status = 'pending', verification_reason = NULL, updated_at = now()
   WHERE p.verification_status = 'rejected'
  RETURNING id INTO v_id;
  IF v_id IS NULL THEN
    PERFORM refuse('already_applied');
  END IF;
  RETURN v_id;
END $$;
SELECT run_as_engine('{apply_practitioner}', '{moorage_web}');

-- Makes an account a verified practitioner at once, on an administrator's word (`p_by`). Repeating it changes nothing.
CREATE FUNCTION appoint_practitioner(p_id uuid, p_user uuid, p_display_name text, p_timezone text, p_by uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO practitioners (id, user_id, display_name, timezone, verification_status, verified_by, verified_at)
  VALUES (p_id, p_user, p_display_name, p_timezone, 'verified', p_by, now()) ON CONFLICT (user_id) DO NOTHING;
  IF FOUND THEN
    PERFORM record_action('practitioner.appointed', 'practitioner', p_id, NULL, p_by);
  END IF;
END $$;
SELECT run_as_engine('{appoint_practitioner}', '{moorage_worker}');

-- An administrator verifies or rejects: the row, its audit row and the mail to the practitioner, all or nothing.
-- Refuses `forbidden`, `not_found` and `already_decided`. Locks the practitioner.
CREATE FUNCTION decide_practitioner(p_practitioner uuid, p_status text, p_reason text, p_subject text, p_body text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v practitioners%ROWTYPE;
BEGIN
  IF NOT asking_admin() THEN
    PERFORM refuse('forbidden');
  END IF;
  SELECT * INTO v FROM practitioners WHERE id = p_practitioner FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found');
  ELSIF v.verification_status = p_status THEN
    PERFORM refuse('already_decided');
  END IF;
  UPDATE practitioners
     SET verification_status = p_status, verification_reason = p_reason, verified_by = asking_user(),
         verified_at = CASE p_status WHEN 'verified' THEN now() END, updated_at = now()
   WHERE id = p_practitioner;
  PERFORM record_action('practitioner.' || p_status, 'practitioner', p_practitioner,
                        jsonb_build_object('from', v.verification_status, 'reason', p_reason));
  -- Each decision is told once, and a later one again.
  PERFORM queue_mail(u.id, u.email, p_subject, p_body, format('practitioner_%s:%s:%s', p_status, v.id, new_id()))
     FROM users u WHERE u.id = v.user_id;
END $$;
SELECT run_as_engine('{decide_practitioner}', '{moorage_web}');

-- An administrator sets what is theirs to set: whether a practitioner is featured, and their own commission in basis
-- points (NULL takes the tiers). Refuses `forbidden` and `not_found`. Locks the practitioner.
CREATE FUNCTION set_practitioner_terms(p_practitioner uuid, p_is_featured boolean, p_commission_bps int)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT asking_admin() THEN
    PERFORM refuse('forbidden');
  END IF;
  UPDATE practitioners SET is_featured = p_is_featured, commission_bps = p_commission_bps, updated_at = now()
   WHERE id = p_practitioner;
  IF NOT FOUND THEN
    PERFORM refuse('not_found');
  END IF;
  PERFORM record_action('practitioner.terms', 'practitioner', p_practitioner,
                        jsonb_build_object('is_featured', p_is_featured, 'commission_bps', p_commission_bps));
END $$;
SELECT run_as_engine('{set_practitioner_terms}', '{moorage_web}');

-- An administrator says whether a practitioner is the business itself: what they sell from then on are its own sales,
-- without commission. Refuses forbidden, not_found.
CREATE FUNCTION set_practitioner_house(p_practitioner uuid, p_is_house boolean)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT asking_admin() THEN
    PERFORM refuse('forbidden');
  END IF;
  UPDATE practitioners SET is_house = p_is_house, updated_at = now() WHERE id = p_practitioner;
  IF NOT FOUND THEN
    PERFORM refuse('not_found');
  END IF;
  PERFORM record_action('practitioner.house', 'practitioner', p_practitioner, jsonb_build_object('is_house', p_is_house));
END $$;
SELECT run_as_engine('{set_practitioner_house}', '{moorage_web}');

-- What the public may not read of a practitioner: theirs and an administrator's alone. No row for anybody else.
CREATE FUNCTION practitioner_private(p_practitioner uuid)
RETURNS TABLE (stripe_account_id text, commission_bps int, verification_reason text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT p.stripe_account_id, p.commission_bps, p.verification_reason FROM practitioners p
   WHERE p.id = p_practitioner AND (p.user_id = asking_user() OR asking_admin())
$$;
SELECT run_as_engine('{practitioner_private}', '{moorage_web}');

-- ------------------------------------------------------------------ who may what

ALTER TABLE practitioners ENABLE ROW LEVEL SECURITY;
ALTER TABLE practitioners FORCE ROW LEVEL SECURITY;
CREATE POLICY engine_and_worker ON practitioners TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);
CREATE POLICY listed_or_own ON practitioners FOR SELECT TO moorage_web
  USING (verification_status = 'verified' OR user_id = (SELECT asking_user()) OR (SELECT asking_admin()));
CREATE POLICY own_changes ON practitioners FOR UPDATE TO moorage_web
  USING (user_id = (SELECT asking_user())) WITH CHECK (user_id = (SELECT asking_user()));
GRANT SELECT ON practitioners TO moorage_worker;
-- All but the private columns, and of what the trigger writes nothing.
GRANT SELECT (id, resource_no, user_id, display_name, bio, timezone, specializations, certifications,
              verification_status, verified_at, is_featured, is_house, specialization_keys, search_words,
              created_at, updated_at) ON practitioners TO moorage_web;
GRANT UPDATE (display_name, bio, timezone, specializations, certifications, updated_at) ON practitioners TO moorage_web;

ALTER TABLE practitioner_locations ENABLE ROW LEVEL SECURITY;
ALTER TABLE practitioner_locations FORCE ROW LEVEL SECURITY;
CREATE POLICY engine_and_worker ON practitioner_locations TO moorage_engine, moorage_worker
  USING (true) WITH CHECK (true);
-- Whoever sees the practitioner sees where: the policy of practitioners decides inside.
CREATE POLICY as_their_practitioner ON practitioner_locations FOR SELECT TO moorage_web
  USING (EXISTS (SELECT FROM practitioners p WHERE p.id = practitioner_id));
CREATE POLICY own_changes ON practitioner_locations TO moorage_web
  USING (practitioner_id = (SELECT asking_practitioner()))
  WITH CHECK (practitioner_id = (SELECT asking_practitioner()));
GRANT SELECT, INSERT, UPDATE, DELETE ON practitioner_locations TO moorage_web;
GRANT SELECT ON practitioner_locations TO moorage_worker;
