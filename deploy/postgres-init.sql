-- For an administrator of the server, once, in Moorage's own database: the roles, and two logins. The one that migrates
-- may act as the owner of the tables; the one that serves may not, and production refuses to serve on any that may.
-- psql reads the passwords from MIGRATE_PASSWORD and SERVE_PASSWORD.
\set ON_ERROR_STOP on
\getenv migrate_password MIGRATE_PASSWORD
\getenv serve_password SERVE_PASSWORD

SELECT format('CREATE ROLE %I NOLOGIN', name)
  FROM unnest(ARRAY['moorage_owner', 'moorage_engine', 'moorage_web', 'moorage_worker']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

CREATE ROLE moorage_migrate LOGIN PASSWORD :'migrate_password';
CREATE ROLE moorage_serve LOGIN PASSWORD :'serve_password';
GRANT moorage_engine TO moorage_owner;
GRANT moorage_owner, moorage_web, moorage_worker TO moorage_migrate;
GRANT moorage_web, moorage_worker TO moorage_serve;
GRANT USAGE, CREATE ON SCHEMA public TO moorage_owner WITH GRANT OPTION;
-- An administrator who is no superuser (Supabase's, a managed server's) may give nothing to a role without being in it.
GRANT moorage_owner TO CURRENT_USER;
CREATE SCHEMA sandbox AUTHORIZATION moorage_owner;
