// Results read in bulk, newest first: by a connection of its own, which a thread can have for itself. The chunks of one
// window are read in one snapshot, so that the rows that are still to come can be counted to the last one.

import { Socket } from "node:net";
import type { AppError } from "@truechimer/base";
import pg from "pg";
import { describeDatabaseUrl } from "../database-url.ts";
import { appErrorFromPostgres } from "../postgres-error.ts";
import { timestamptzFromNs } from "../timestamptz.ts";
import { COPIED_COLUMNS, type CopiedResult, CopiedResultReader } from "./copy-row.ts";
import { CopySocket, copyRows } from "./copy-stream.ts";

/** Where in the order of time and id a reader is. */
export interface ResultsCursor {
  readonly atUs: number;
  readonly id: number;
}

/** A part of the window from `fromUs` (included) to `toUs` (excluded). Microseconds since 1970. */
export interface ResultsChunkRequest {
  readonly fromUs: number;
  /** Infinity: no end. */
  readonly toUs: number;
  /** The oldest row that was read already. Absent: begin with the newest. */
  readonly before: ResultsCursor | undefined;
  readonly rowsMax: number;
}

export interface ResultsReader extends AsyncDisposable {
  /** Newest first. Returns how many rows there were. Connects when it must; fails with a coded error. */
  read(request: ResultsChunkRequest, onRow: (row: CopiedResult) => void): Promise<number>;
  /** How many rows of the window lie before the cursor, in the snapshot that `read` reads. */
  count(request: Omit<ResultsChunkRequest, "rowsMax">): Promise<number>;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** Of one chunk; a database that needs longer for it is not going to be quick with the next one. */
const STATEMENT_TIMEOUT_MS = 60_000;

/** Connects with the first call. */
export function createResultsReader(options: {
  readonly url: string;
  readonly applicationName: string;
}): ResultsReader {
  const where = describeDatabaseUrl(options.url);
  let client: pg.Client | undefined;
  let window: { readonly fromUs: number; readonly toUs: number } | undefined;
  const close = async (): Promise<void> => {
    const closing = client;
    client = undefined;
    window = undefined;
    await closing?.end().catch(() => undefined);
  };
  const inWindow = async (request: Omit<ResultsChunkRequest, "rowsMax">): Promise<pg.Client> => {
    client ??= await connect(options);
    if (window?.fromUs !== request.fromUs || window.toUs !== request.toUs) {
      await client.query("rollback; begin isolation level repeatable read read only");
      window = { fromUs: request.fromUs, toUs: request.toUs };
    }
    return client;
  };
  const coded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      await close();
      throw appErrorFromPostgres(error, where) as AppError;
    }
  };
  return {
    read: async (request, onRow) =>
      await coded(async () => {
        const connected = await inWindow(request);
        const rows = await copy(connected, selectChunk(request), onRow);
        if (rows < request.rowsMax) await endWindow(connected);
        return rows;
      }),
    count: async (request) =>
      await coded(async () => {
        const connected = await inWindow(request);
        const { rows } = await connected.query<{ count: string }>(
          `select count(*) as count from log_scores where ${inRange(request)}`,
        );
        return Number(rows[0]?.count ?? 0);
      }),
    [Symbol.asyncDispose]: close,
  };

  /** No snapshot is held longer than it is read. */
  async function endWindow(connected: pg.Client): Promise<void> {
    window = undefined;
    await connected.query("commit");
  }
}

async function connect(options: {
  readonly url: string;
  readonly applicationName: string;
}): Promise<pg.Client> {
  // The driver says whether the connection is to be encrypted, which its type leaves out.
  const createStream = ({ ssl }: pg.ConnectionConfig): Socket =>
    ssl ? new Socket() : new CopySocket();
  const client = new pg.Client({
    connectionString: options.url,
    application_name: options.applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    stream: createStream as unknown as () => Socket,
  });
  // A session that ends while it is idle is found by the next query.
  client.on("error", () => undefined);
  await client.connect();
  // Compiling the statement takes longer than running it. A chunk is read along the key, whose order it wants; towards the
  // end of a window PostgreSQL would rather sort what is left of it, for each chunk anew.
  await client.query(
    `select set_config('TimeZone', 'UTC', false), set_config('jit', 'off', false),
            set_config('enable_sort', 'off', false), set_config('enable_bitmapscan', 'off', false),
            set_config('statement_timeout', '${STATEMENT_TIMEOUT_MS}', false)`,
  );
  return client;
}

function selectChunk(request: ResultsChunkRequest): string {
  return `copy (select ${COPIED_COLUMNS} from log_scores where ${inRange(request)}
    order by ts desc, id desc limit ${Math.floor(request.rowsMax)}) to stdout (format binary)`;
}

/** COPY takes no parameters; these are numbers and instants that are printed here. */
function inRange({ fromUs, toUs, before }: Omit<ResultsChunkRequest, "rowsMax">): string {
  return [
    `ts >= ${instant(fromUs)}`,
    ...(Number.isFinite(toUs) ? [`ts < ${instant(toUs)}`] : []),
    ...(before === undefined
      ? []
      : [
          // The first for the index and the days that are left out, the second for the rest.
          `ts <= ${instant(before.atUs)}`,
          `(ts, id) < (${instant(before.atUs)}, ${BigInt(before.id)})`,
        ]),
  ].join(" and ");
}

function instant(us: number): string {
  return `'${timestamptzFromNs(BigInt(us) * 1_000n)}'::timestamptz`;
}

async function copy(
  client: pg.Client,
  text: string,
  onRow: (row: CopiedResult) => void,
): Promise<number> {
  let rows = 0;
  const reader = new CopiedResultReader((row) => {
    rows += 1;
    onRow(row);
  });
  await copyRows(client, text, (bytes, from, to) => reader.take(bytes, from, to));
  return rows;
}
