-- The catalog: what search compares with, one page of matching services, and who may read and change what.

-- ------------------------------------------------------------------ what lists compare with

-- Whole units of an amount in minor units: what prices of different currencies are compared by.
CREATE FUNCTION whole_units(p_minor bigint, p_currency text) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT p_minor / power(10::numeric, currency_exponent(p_currency))
$$;

-- Keeps the comparable price and the search words beside what they are made of.
CREATE FUNCTION note_service_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.list_price := whole_units(NEW.price_minor, NEW.currency);
  NEW.search_words := to_tsvector('simple', concat_ws(' ', NEW.title, NEW.description));
  RETURN NEW;
END $$;
CREATE TRIGGER services_words BEFORE INSERT OR UPDATE OF title, description, price_minor, currency ON services
  FOR EACH ROW EXECUTE FUNCTION note_service_words();

-- ------------------------------------------------------------------ lists

-- One page of the active services of verified practitioners that match every filter in `p_filters`, in the order of
-- `p_order` ("price", "-title", …), and how many match in all. Filters (a key left out does not filter): category (slug
-- or id), service_type, service_types (a list), practitioner, location (id, or a city's name), is_virtual, price_min,
-- price_max (whole units), currency, search. A definer's function because the indexes on words are of no use under row-level security (their operators
-- are not leakproof); it gives ids of public rows alone, and who asks reads the rows themselves under their own policy.
CREATE FUNCTION find_services(p_filters jsonb, p_order text[], p_limit int, p_offset int,
                              OUT ids uuid[], OUT total bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  -- $1 is p_filters: its values are constants to the planner, never text of the statement.
  v_from text := concat_ws(' AND ',
    ' FROM services s WHERE s.is_active
       AND EXISTS (SELECT FROM practitioners p WHERE p.id = s.practitioner_id AND p.verification_status = ''verified'')',
    CASE WHEN p_filters ? 'category' THEN 's.category_id = find_category($1->>''category'')' END,
    CASE WHEN p_filters ? 'service_type' THEN 's.service_type = $1->>''service_type''' END,
    CASE WHEN p_filters ? 'service_types' THEN
      's.service_type = ANY (ARRAY(SELECT jsonb_array_elements_text($1->''service_types'')))' END,
    CASE WHEN p_filters ? 'practitioner' THEN 's.practitioner_id = ($1->>''practitioner'')::uuid' END,
    CASE WHEN p_filters ? 'location_id' THEN 's.location_id = ($1->>''location_id'')::uuid' END,
    CASE WHEN p_filters ? 'city' THEN
      's.id IN (SELECT t.id FROM practitioner_locations l JOIN services t ON t.location_id = l.id
                 WHERE lower(l.city) = lower($1->>''city'')
                UNION ALL
                SELECT t.id FROM practitioner_locations l JOIN services t ON t.practitioner_id = l.practitioner_id
                 WHERE lower(l.city) = lower($1->>''city'') AND t.location_id IS NULL AND NOT t.is_virtual)' END,
    CASE WHEN p_filters ? 'is_virtual' THEN 's.is_virtual = ($1->>''is_virtual'')::boolean' END,
    CASE WHEN p_filters ? 'price_min' THEN 's.list_price >= ($1->>''price_min'')::numeric' END,
    CASE WHEN p_filters ? 'price_max' THEN 's.list_price <= ($1->>''price_max'')::numeric' END,
    CASE WHEN p_filters ? 'currency' THEN 's.currency = $1->>''currency''' END,
    CASE WHEN p_filters ? 'search' THEN 's.search_words @@ search_query($1->>''search'')' END);
  v_order text := ordering(p_order, '{"price": "s.list_price", "title": "s.title", "created_at": "s.created_at",
                                      "duration_minutes": "s.duration_minutes", "id": "s.id"}');
BEGIN
  -- What few services match is found first and then ordered; else the order's own index gives the page.
  EXECUTE CASE WHEN p_filters - '{service_type,service_types,is_virtual,currency}'::text[] = '{}' THEN
    'SELECT (SELECT count(*)' || v_from || '),
            array(SELECT s.id' || v_from || ' ORDER BY ' || v_order || ' LIMIT $2 OFFSET $3)'
  ELSE
    'WITH found AS MATERIALIZED (SELECT s.id, s.list_price, s.title, s.created_at, s.duration_minutes' || v_from || ')
     SELECT (SELECT count(*) FROM found),
            array(SELECT s.id FROM found s ORDER BY ' || v_order || ' LIMIT $2 OFFSET $3)'
  END INTO total, ids USING p_filters, p_limit, p_offset;
END $$;
SELECT run_as_engine('{find_services}', '{moorage_web}');

-- The category that a slug (in any case) or an id names; NULL for none.
CREATE FUNCTION find_category(p_named text) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT id FROM categories WHERE slug = lower(p_named) OR id::text = lower(p_named)
$$;

-- ------------------------------------------------------------------ who may what

ALTER TABLE services ENABLE ROW LEVEL SECURITY;
ALTER TABLE services FORCE ROW LEVEL SECURITY;
CREATE POLICY engine_and_worker ON services TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);
-- Active services of whom the asker sees; their own, active or not; to an administrator all.
CREATE POLICY active_or_own ON services FOR SELECT TO moorage_web
  USING ((is_active AND EXISTS (SELECT FROM practitioners p WHERE p.id = practitioner_id))
         OR practitioner_id = (SELECT asking_practitioner()) OR (SELECT asking_admin()));
CREATE POLICY own_changes ON services TO moorage_web
  USING (practitioner_id = (SELECT asking_practitioner()) OR (SELECT asking_admin()))
  WITH CHECK (practitioner_id = (SELECT asking_practitioner()) OR (SELECT asking_admin()));
GRANT SELECT, INSERT, UPDATE, DELETE ON services TO moorage_web;
GRANT SELECT ON services TO moorage_worker;

ALTER TABLE price_options ENABLE ROW LEVEL SECURITY;
ALTER TABLE price_options FORCE ROW LEVEL SECURITY;
CREATE POLICY engine_and_worker ON price_options TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);
-- Whoever sees the service sees its prices; whoever may change it changes them.
CREATE POLICY as_their_service ON price_options FOR SELECT TO moorage_web
  USING (EXISTS (SELECT FROM services s WHERE s.id = service_id));
CREATE POLICY own_changes ON price_options TO moorage_web
  USING (EXISTS (SELECT FROM services s WHERE s.id = service_id
                 AND (s.practitioner_id = (SELECT asking_practitioner()) OR (SELECT asking_admin()))))
  WITH CHECK (EXISTS (SELECT FROM services s WHERE s.id = service_id
                      AND (s.practitioner_id = (SELECT asking_practitioner()) OR (SELECT asking_admin()))));
GRANT SELECT, INSERT, UPDATE, DELETE ON price_options TO moorage_web;
GRANT SELECT ON price_options TO moorage_worker;
