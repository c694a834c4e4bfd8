-- What every list needs: an order by known names, and words to search by.

-- ORDER BY's text for names such as "price" or "-title" (descending). `p_known`: name -> expression, written by the
-- calling function, never by a client; a name it does not know is refused as `invalid_ordering`. Ends with "id", in the
-- last direction, so that pages never repeat or lose a row.
CREATE FUNCTION ordering(p_order text[], p_known jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  v_name text;
  v_terms text[] := '{}';
BEGIN
  FOREACH v_name IN ARRAY p_order || CASE WHEN left(p_order[cardinality(p_order)], 1) = '-' THEN '-id' ELSE 'id' END LOOP
    IF NOT p_known ? ltrim(v_name, '-') OR v_name LIKE '--%' THEN
      PERFORM refuse('invalid_ordering');
    END IF;
    v_terms := v_terms || ((p_known ->> ltrim(v_name, '-')) || CASE WHEN v_name LIKE '-%' THEN ' DESC' ELSE '' END);
  END LOOP;
  RETURN array_to_string(v_terms, ', ');
END $$;

-- Every word of the text must be there, the last letters of each may be missing ("prenat yog" finds prenatal yoga).
-- NULL, which finds nothing, for a text without a word.
CREATE FUNCTION search_query(p_text text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT to_tsquery('simple', string_agg(quote_literal(lexeme) || ':*', ' & '))
    FROM unnest(to_tsvector('simple', p_text))
$$;
