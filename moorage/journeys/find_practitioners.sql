-- Looking for somebody: one page of the verified practitioners (to an administrator: of those of `status`) that match
-- every filter in `p_filters`, in the order of `p_order`, and how many match in all. Filters (a key left out does not
-- filter): specialization, city, near {lat, lng, radius_km, lat_from, lat_to, lng_ranges [[west, east]]}, is_virtual,
-- is_featured, search (words of the practitioner or of an active service), free {from, to, minutes} (in one piece, from
-- p_now on), and of one and the same active service: category (slug or id), price_min, price_max (whole units),
-- currency. `nobody` true: none (a rating is asked for and there are no reviews).
-- A definer's function because the indexes on words, arrays and free time are of no use under row-level security (their
-- operators are not leakproof); it gives ids of public rows alone, and who asks reads the rows under their own policy.
CREATE FUNCTION find_practitioners(p_filters jsonb, p_order text[], p_limit int, p_offset int, p_now timestamptz,
                                   OUT ids uuid[], OUT total bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_status text := CASE WHEN asking_admin() THEN coalesce(p_filters->>'status', 'verified') ELSE 'verified' END;
  -- $1 is p_filters: its values are constants to the planner, never text of the statement.
  v_service text := concat_ws(' AND ',
    CASE WHEN p_filters ? 'category' THEN 's.category_id = find_category($1->>''category'')' END,
    CASE WHEN p_filters ? 'price_min' THEN 's.list_price >= ($1->>''price_min'')::numeric' END,
    CASE WHEN p_filters ? 'price_max' THEN 's.list_price <= ($1->>''price_max'')::numeric' END,
    CASE WHEN p_filters ? 'currency' THEN 's.currency = $1->>''currency''' END);
  v_from text := concat_ws(' AND ',
    ' FROM practitioners p WHERE p.verification_status = ' || quote_literal(v_status),
    CASE WHEN (p_filters->>'nobody')::boolean THEN 'false' END,
    CASE WHEN p_filters ? 'is_featured' THEN 'p.is_featured = ($1->>''is_featured'')::boolean' END,
    CASE WHEN p_filters ? 'specialization' THEN
      'p.specialization_keys @> ARRAY[lower($1->>''specialization'')]' END,
    CASE WHEN p_filters ? 'city' THEN
      'p.id IN (SELECT l.practitioner_id FROM practitioner_locations l WHERE lower(l.city) = lower($1->>''city''))' END,
    CASE WHEN p_filters ? 'near' THEN
      'p.id IN (SELECT l.practitioner_id FROM practitioner_locations l
                 WHERE l.lat BETWEEN ($1->''near''->>''lat_from'')::float8 AND ($1->''near''->>''lat_to'')::float8
                   AND (l.lng BETWEEN ($1->''near''->''lng_ranges''->0->>0)::float8
                                  AND ($1->''near''->''lng_ranges''->0->>1)::float8
                        OR l.lng BETWEEN ($1->''near''->''lng_ranges''->1->>0)::float8
                                     AND ($1->''near''->''lng_ranges''->1->>1)::float8)
                   AND distance_km(l.lat, l.lng, ($1->''near''->>''lat'')::float8, ($1->''near''->>''lng'')::float8)
                       <= ($1->''near''->>''radius_km'')::float8)' END,
    CASE WHEN p_filters ? 'is_virtual' THEN
      'EXISTS (SELECT FROM practitioner_locations l WHERE l.practitioner_id = p.id AND l.is_virtual
               UNION ALL
               SELECT FROM services s WHERE s.practitioner_id = p.id AND s.is_active AND s.is_virtual)
       = ($1->>''is_virtual'')::boolean' END,
    CASE WHEN v_service <> '' THEN
      'p.id IN (SELECT s.practitioner_id FROM services s WHERE s.is_active AND ' || v_service || ')' END,
    CASE WHEN p_filters ? 'search' THEN
      'p.id IN (SELECT w.id FROM practitioners w WHERE w.search_words @@ search_query($1->>''search'')
                UNION ALL
                SELECT s.practitioner_id FROM services s
                 WHERE s.is_active AND s.search_words @@ search_query($1->>''search''))' END,
    CASE WHEN p_filters ? 'free' THEN
      free_condition('p.resource_no', (p_filters->'free'->>'from')::timestamptz, (p_filters->'free'->>'to')::timestamptz,
                     (p_filters->'free'->>'minutes')::int, p_now) END);
  v_order text := ordering(p_order, jsonb_build_object(
    'is_featured', 'p.is_featured', 'display_name', 'p.display_name', 'created_at', 'p.created_at', 'id', 'p.id',
    'price', '(SELECT min(s.list_price) FROM services s WHERE s.practitioner_id = p.id AND s.is_active)')
    || CASE WHEN p_filters ? 'near' THEN jsonb_build_object('distance',
      '(SELECT min(distance_km(l.lat, l.lng, ($1->''near''->>''lat'')::float8, ($1->''near''->>''lng'')::float8))
          FROM practitioner_locations l WHERE l.practitioner_id = p.id)') ELSE '{}' END);
BEGIN
  -- Without a filter the order's own index gives the page. With one, what matches is found first and then ordered: the
  -- planner cannot know how few are free or near, and would look for them along the order, one by one.
  EXECUTE CASE WHEN p_filters - '{status,is_featured}'::text[] = '{}' THEN
    'SELECT (SELECT count(*)' || v_from || '),
            array(SELECT p.id' || v_from || ' ORDER BY ' || v_order || ' LIMIT $2 OFFSET $3)'
  ELSE
    'WITH found AS MATERIALIZED (SELECT p.id, p.is_featured, p.display_name, p.created_at' || v_from || ')
     SELECT (SELECT count(*) FROM found),
            array(SELECT p.id FROM found p ORDER BY ' || v_order || ' LIMIT $2 OFFSET $3)'
  END INTO total, ids USING p_filters, p_limit, p_offset;
END $$;
SELECT run_as_engine('{find_practitioners}', '{moorage_web}');
