// An archive in ClickHouse, over its HTTP interface by the official client.

import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { AppError, type Clock } from "@truechimer/base";
import type { Archive } from "../archive.ts";
import { createClickHouseReader } from "./clickhouse-reader.ts";
import { CLICKHOUSE_TABLES, eventRow, resultRow, tracerouteRow } from "./clickhouse-tables.ts";

export interface ClickHouseSettings {
  /** Of its HTTP interface: "https://clickhouse.example.net:8443". */
  readonly url: string;
  /** Must be there. Default: "default". */
  readonly database?: string;
  /** Default: "default", without a password. */
  readonly account?: { readonly username: string; readonly password: string };
  /** PEM of the root that its certificate leads to. Default: the system's roots. */
  readonly rootPem?: string;
  /** How long one insert or one question may take. Default 30 s. */
  readonly timeoutMs?: number;
}

const DATABASE_DEFAULT = "default";
const TIMEOUT_MS_DEFAULT = 30_000;
/** One writes, and a few people ask. */
const CONNECTIONS_MAX = 6;

export function createClickHouseArchive(
  settings: ClickHouseSettings,
  clock: Pick<Clock, "monotonicNs">,
): Archive {
  const { url, database = DATABASE_DEFAULT } = settings;
  const target = `${new URL(url).origin}/${database}`;
  const client = createClient({
    url,
    database,
    ...settings.account,
    ...(settings.rootPem === undefined ? {} : { tls: { ca_cert: Buffer.from(settings.rootPem) } }),
    application: "truechimer",
    request_timeout: settings.timeoutMs ?? TIMEOUT_MS_DEFAULT,
    max_open_connections: CONNECTIONS_MAX,
    // A row names its columns, and most of them say the same again and again.
    compression: { request: true, response: true },
    // Whoever calls has the error, with what it was caused by.
    log: { level: ClickHouseLogLevel.OFF },
  });
  let prepared = false;
  const write = async (
    table: string,
    values: readonly unknown[],
    signal: AbortSignal,
  ): Promise<void> => {
    try {
      await told(target, () => insert(client, table, values, signal));
    } catch (error) {
      // Perhaps somebody has dropped the table: the next try makes it anew.
      prepared = false;
      throw error;
    }
  };
  const ask = async (query: string): Promise<readonly unknown[]> =>
    await told(target, async () => {
      const answer = await client.query({
        query,
        format: "JSONEachRow",
        // Newer servers write 64-bit numbers bare unless they are told.
        clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
      });
      return await answer.json<unknown>();
    });
  return {
    ...createClickHouseReader(ask, clock),
    kind: "clickhouse",
    target,
    prepare: async (signal) => {
      if (prepared) return;
      for (const query of CLICKHOUSE_TABLES) {
        await told(target, () => client.command({ query, abort_signal: signal }));
      }
      prepared = true;
    },
    writeResults: (results, { signal }) => write("results", results.map(resultRow), signal),
    writeTraceroutes: (paths, { signal }) => write("traceroutes", paths.map(tracerouteRow), signal),
    writeEvents: (events, { signal }) => write("events", events.map(eventRow), signal),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** Resolves once ClickHouse has written it. */
async function insert(
  client: ClickHouseClient,
  table: string,
  values: readonly unknown[],
  signal: AbortSignal,
): Promise<void> {
  await client.insert({ table, values, format: "JSONEachRow", abort_signal: signal });
}

/** A failure as one of ours. What ClickHouse said stays the cause: it may hold values. */
async function told<Value>(target: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    const code = refusalCode(cause);
    if (code === undefined) {
      throw new AppError("peer_unreachable", `ClickHouse at ${target} does not answer`, { cause });
    }
    throw new AppError(
      "archive_refused",
      `ClickHouse at ${target} answers with its error ${code}: its own log says more`,
      { cause },
    );
  }
}

/** Old servers name it in another form, which the client passes on as it came. */
const OLD_ERROR = /^Code: (\d+),/;

/** Number of ClickHouse's own error, with its name where the server tells it. Undefined: it did not answer. */
function refusalCode(cause: unknown): string | undefined {
  const {
    code,
    type,
    message = "",
  } = cause as {
    readonly code?: string;
    readonly type?: string;
    readonly message?: string;
  };
  if (type !== undefined && code !== undefined) return `${code} (${type})`;
  return OLD_ERROR.exec(message)?.[1];
}
