-- The categories that every installation starts with; more are rows like these. The slug is what bodies and filters
-- name.
INSERT INTO categories (id, slug, name)
SELECT new_id(), slug, name FROM (VALUES
  ('acupuncture', 'Acupuncture'),
  ('birth-preparation', 'Birth preparation'),
  ('bodywork', 'Bodywork'),
  ('breathwork', 'Breathwork'),
  ('catering', 'Catering'),
  ('coaching', 'Coaching'),
  ('counselling', 'Counselling'),
  ('dance', 'Dance'),
  ('doula', 'Doula care'),
  ('education', 'Education'),
  ('fitness', 'Fitness'),
  ('lactation', 'Lactation support'),
  ('massage', 'Massage'),
  ('meditation', 'Meditation'),
  ('nutrition', 'Nutrition'),
  ('physiotherapy', 'Physiotherapy'),
  ('pilates', 'Pilates'),
  ('postpartum', 'Postpartum care'),
  ('private-chef', 'Private chef'),
  ('reiki', 'Reiki'),
  ('sound-healing', 'Sound healing'),
  ('wellness', 'Wellness'),
  ('yoga', 'Yoga')
) AS known (slug, name)
ON CONFLICT (slug) DO NOTHING;

GRANT SELECT ON categories TO moorage_web, moorage_worker;
