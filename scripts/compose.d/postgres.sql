-- Runs once, when the data folder is new, as the image's superuser: the product's role is none, and owns its schema and
-- nothing else. https://hub.docker.com/_/postgres, "Initialization scripts"; psql 14 or newer knows \getenv.
\set ON_ERROR_STOP on
\getenv password POSTGRES_PASSWORD
CREATE ROLE sms LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
REVOKE ALL ON DATABASE sms FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE sms TO sms;
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
\connect sms
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO sms;
-- The superuser comes in by the server's own socket alone, inside its container: without a password there is no other way.
ALTER ROLE postgres PASSWORD NULL;
