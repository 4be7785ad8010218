#!/bin/sh -eu
# Logs in as the application would. Where that works, user, database and password are as they should be; a password
# cannot be compared in any other way, because the server only keeps what verifies it.
cd /
if PGPASSWORD=$DATABASE_PASSWORD psql -qAtw -h 127.0.0.1 -U "$DATABASE_USER" -d "$DATABASE" -c '' 2>/dev/null; then
  exit 0
fi

psql -qAt -v ON_ERROR_STOP=1 -d postgres <<'SQL'
\getenv database DATABASE
\getenv user DATABASE_USER
\getenv password DATABASE_PASSWORD
SET password_encryption = 'scram-sha-256';
-- The server's log must not keep the password.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SELECT format('CREATE ROLE %I LOGIN', :'user')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'user') \gexec
SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', :'user', :'password') \gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'user')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
SQL
echo changed
