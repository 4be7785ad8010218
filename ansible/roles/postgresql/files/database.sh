#!/bin/sh -eu
# Says something only when it changed something. The owner needs no login: those that log in are its members. One that
# the release before made logs in with a password, which applications may still use: it stays as it is.
cd /
psql -AtX -v ON_ERROR_STOP=1 -d postgres <<'SQL'
\getenv database DATABASE
\getenv owner OWNER
SELECT format('CREATE ROLE %I NOLOGIN', :'owner')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'owner') \gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'owner')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
SQL
