// A pool of one size: PostgreSQL with its data, API replicas, and agents with certificates of the built-in authority.
// The large one is kept outside of the repository for the next run.

import { systemClock, systemRandom } from "@truechimer/base";
import { createDatabase, type Database, migrate } from "@truechimer/database";
import {
  createCertificateRequest,
  generateExportableKeyPair,
  importSigner,
  privateKeyPem,
} from "@truechimer/pki";
import {
  AGENT_SETTINGS,
  createCertificateAuthority,
  createSeal,
  createTicketKeyring,
  type TicketKey,
} from "@truechimer/server";
import { openBenchPostgres } from "../bench-postgres.ts";
import { keptDirectory } from "../kept-directory.ts";
import { startMeasuredProcess } from "../measured-process.ts";
import { BENCH_MASTER_KEY } from "./bench-key.ts";
import type { CountersSource } from "./costs.ts";
import { monitorTlsName, plantPool } from "./plant-pool.ts";
import type { PoolSize } from "./pool-size.ts";
import { settingsOf, warmPool } from "./settled-postgres.ts";

export interface AgentPair {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface PoolWorld extends AsyncDisposable {
  readonly database: Database;
  readonly counters: CountersSource;
  readonly rootPem: string;
  readonly ticketKey: TicketKey;
  /** Addresses of the agents' listeners, one a replica. */
  readonly urls: readonly string[];
  /** By number, from 1. */
  pairOf(monitor: number): Promise<AgentPair>;
}

export interface PoolWorldOptions {
  readonly size: PoolSize;
  readonly replicas: number;
  readonly log: (line: string) => void;
}

export async function openPoolWorld(options: PoolWorldOptions): Promise<PoolWorld> {
  const { size, log } = options;
  await using opening = new AsyncDisposableStack();
  const directory = await keptDirectory(`pool-scale-${size.name}`);
  const postgres = opening.use(
    await openBenchPostgres({ directory, settings: settingsOf(size), log }),
  );
  const database = opening.use(
    await createDatabase({
      url: postgres.url,
      applicationName: "bench",
      poolSize: 4,
      statementTimeoutMs: 0,
    }),
  );
  await migrate(database, { appliedBy: "bench" });
  await database.pool.query("create extension if not exists pg_stat_statements");
  await plantPool(database, { size, monitorDomain: AGENT_SETTINGS.monitorDomain, log });
  await warmPool(database);
  const ca = createCertificateAuthority({
    database,
    clock: systemClock,
    random: systemRandom,
    masterKey: BENCH_MASTER_KEY,
    agents: AGENT_SETTINGS,
  });
  const rootPem = await ca.rootPem();
  const replicas = await Promise.all(
    Array.from({ length: options.replicas }, () =>
      startMeasuredProcess(new URL("replica.ts", import.meta.url), [postgres.url, size.name]),
    ),
  );
  for (const replica of replicas) opening.use(replica);
  const ticketKey = await createTicketKeyring({
    database,
    clock: systemClock,
    random: systemRandom,
    seal: createSeal({ masterKey: BENCH_MASTER_KEY, random: systemRandom }),
  }).current();
  // Agents that share a key: what is measured is the control plane's work, which it does for each certificate anew.
  const keys = await generateExportableKeyPair("P-256");
  const keyPem = privateKeyPem(keys.privateKeyDer);
  const signer = await importSigner(keys.privateKeyDer, keys.publicKey);
  const opened = opening.move();
  return {
    database,
    rootPem,
    ticketKey,
    urls: replicas.map(({ told }) => told),
    counters: {
      database,
      postmasterPid: postgres.pid,
      serverCpuUs: async () => {
        const each = await Promise.all(replicas.map((replica) => replica.cpuUs()));
        return each.reduce((sum, one) => sum + one, 0);
      },
    },
    pairOf: async (monitor) => {
      const tlsName = monitorTlsName(monitor, AGENT_SETTINGS.monitorDomain);
      const csrDer = await createCertificateRequest(signer, tlsName);
      const issued = await ca.issueAgentCertificate({ tlsName, csrDer });
      if (!issued.ok) throw new Error(issued.error);
      return { certificatePem: issued.value.certificatePem, keyPem };
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
