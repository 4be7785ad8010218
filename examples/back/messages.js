import pg from "pg";

// Reads its address and its password from the environment (PGHOST, ...).
const pool = new pg.Pool({
  // Few, so that the database works on few things at a time; what is more waits here.
  max: Math.max(2, Math.ceil(Number(process.env.MAX_CONCURRENT_REQUESTS ?? 64) / 16)),
  keepAlive: true,
  // To wait for one of them, too.
  connectionTimeoutMillis: 1_000,
  // The database gives up first: what ends on this side alone would go on there.
  statement_timeout: 2_000,
  query_timeout: 3_000,
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
