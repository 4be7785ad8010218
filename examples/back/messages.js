import pg from "pg";

// Reads its address and its password from the environment (PGHOST, ...).
const pool = new pg.Pool({
  max: 10,
  keepAlive: true,
  connectionTimeoutMillis: 2_000,
  query_timeout: 5_000,
  idleTimeoutMillis: 60_000,
});
// Connections that wait in the pool may break; the next request makes a new one.
pool.on("error", (error) => console.error(`database: ${error.message}`));

// All servers of the tier may come here first, at the same moment: the lock lets one of them make the table.
const SCHEMA = `
  BEGIN;
  SELECT pg_advisory_xact_lock(4000);
  CREATE TABLE IF NOT EXISTS message (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    text text NOT NULL,
    intent text
  );
  COMMIT;`;
let schema;

/** Not when the service starts: it shall also start while the database is away. */
async function query(text, values) {
  schema ??= pool.query(SCHEMA);
  try {
    await schema;
  } catch (error) {
    schema = undefined;
    throw error;
  }
  return (await pool.query(text, values)).rows;
}

/** Keeps a message and gives it back as it is stored. */
export async function add(text, intent) {
  const [row] = await query("INSERT INTO message (text, intent) VALUES ($1, $2) RETURNING id, at, text, intent", [text, intent]);
  return row;
}

/** The latest messages, and the address of the database machine that answered. */
export async function read() {
  const latest = await query("SELECT id, at, text, intent FROM message ORDER BY id DESC LIMIT 10");
  const [{ database }] = await query("SELECT host(inet_server_addr()) AS database");
  return { database, latest };
}

export const close = () => pool.end();
