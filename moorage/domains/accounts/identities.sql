-- Who somebody is at another issuer of tokens.

-- The subject that another issuer knows an account by, NULL where none does: for the person themself and
-- administrators.
CREATE FUNCTION external_subject(p_user uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT subject FROM external_identities
   WHERE user_id = p_user AND (p_user = asking_user() OR asking_admin()) ORDER BY created_at, issuer LIMIT 1
$$;

-- The accounts that other issuers know by this subject: for administrators.
CREATE FUNCTION external_users(p_subject text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT user_id FROM external_identities WHERE subject = p_subject AND asking_admin()
$$;

SELECT run_as_engine('{external_subject, external_users}', '{moorage_web, moorage_worker}');

-- The account of somebody whom another issuer knows: found, or made at the first meeting, with `p_email` where that is
-- nobody's yet, and with the id `p_kept_id` where that is free. `p_is_admin`: what the issuer says of that now (NULL: it
-- has no say); what changed is written, and a role given here by hand stays. Locks: at the first meeting an advisory lock
-- of the identity, so that many at once make one account.
CREATE FUNCTION meet_identity(p_issuer text, p_subject text, p_is_admin boolean, p_email text, p_kept_id uuid,
                              p_id uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE met external_identities; v_id uuid := p_id;
BEGIN
  SELECT * INTO met FROM external_identities WHERE issuer = p_issuer AND subject = p_subject;
  IF NOT FOUND THEN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_issuer || ' ' || p_subject, 0));
    SELECT * INTO met FROM external_identities WHERE issuer = p_issuer AND subject = p_subject;
  END IF;
  IF met.user_id IS NULL THEN
    IF p_kept_id IS NOT NULL AND NOT EXISTS (SELECT FROM users WHERE id = p_kept_id) THEN
      v_id := p_kept_id;
    END IF;
    INSERT INTO users (id, email) VALUES (v_id, nobodys_email(p_issuer, p_subject));
    BEGIN
      UPDATE users SET email = p_email WHERE id = v_id AND p_email ~ '^[^@\s]{1,64}@[^@\s]{1,255}$';
    EXCEPTION WHEN unique_violation THEN
      NULL;  -- somebody else's here: an issuer's word does not join two accounts
    END;
    INSERT INTO external_identities (issuer, subject, user_id) VALUES (p_issuer, p_subject, v_id) RETURNING * INTO met;
  END IF;
  IF p_is_admin <> met.is_admin THEN
    UPDATE external_identities SET is_admin = p_is_admin, updated_at = now()
     WHERE issuer = p_issuer AND subject = p_subject;
    UPDATE users SET role = CASE WHEN p_is_admin THEN 'admin' ELSE 'user' END, updated_at = now()
     WHERE id = met.user_id AND role <> 'owner';
    PERFORM record_action(CASE WHEN p_is_admin THEN 'made_admin' ELSE 'made_user' END, 'user', met.user_id,
                          jsonb_build_object('issuer', p_issuer, 'subject', p_subject), met.user_id);
  END IF;
  RETURN met.user_id;
END $$;

-- The address of an account that has none: no mail ever reaches it (RFC 2606).
CREATE FUNCTION nobodys_email(p_issuer text, p_subject text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT encode(substring(sha256(convert_to(p_issuer || ' ' || p_subject, 'UTF8')) FOR 16), 'hex') || '@external.invalid'
$$;

SELECT run_as_engine('{meet_identity}');
