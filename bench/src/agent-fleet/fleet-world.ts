// A PostgreSQL of its own, API replicas as processes, and a certificate of the built-in authority for each agent.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { createSecureContext, type SecureContext } from "node:tls";
import { fileURLToPath } from "node:url";
import { systemClock, systemRandom } from "@truechimer/base";
import {
  createCertificateRequest,
  generateExportableKeyPair,
  importSigner,
  privateKeyPem,
} from "@truechimer/pki";
import { AGENT_SETTINGS, createCertificateAuthority } from "@truechimer/server";
import { openThrowAwayDatabase } from "../throw-away-database.ts";
import { FLEET_MASTER_KEY } from "./fleet-key.ts";

export interface ReplicaUsage {
  readonly cpuUs: number;
  readonly residentBytes: number;
}

export interface FleetWorld extends AsyncDisposable {
  /** Addresses of the agents' listeners, one a replica. */
  readonly urls: readonly string[];
  /** One for each agent. */
  readonly identities: readonly SecureContext[];
  usage(): Promise<readonly ReplicaUsage[]>;
  /** Agents that the database holds to be there now. */
  present(): Promise<number>;
  /** Statements that the database has run so far. */
  transactions(): Promise<number>;
}

export interface FleetOptions {
  readonly agents: number;
  readonly replicas: number;
  readonly log: (line: string) => void;
}

/** Certificates that are asked for at once. */
const ISSUED_AT_ONCE = 32;

export async function openFleetWorld({ agents, replicas, log }: FleetOptions): Promise<FleetWorld> {
  await using opening = new AsyncDisposableStack();
  const { postgres, database } = opening.use(await openThrowAwayDatabase());
  await database.pool.query(
    `insert into monitors (id_token, hostname, ip, ip_version, status, tls_name, client_version)
     select 'f' || i, 'f' || i, ('198.19.' || (i >> 8) || '.' || (i & 255))::inet, 'v4', 'active', $2 || i || $3, 'v4.1.5'
     from generate_series(0, $1::int - 1) i`,
    [agents, "f", `-1234567.prod.${AGENT_SETTINGS.monitorDomain}`],
  );
  const ca = createCertificateAuthority({
    database,
    clock: systemClock,
    random: systemRandom,
    masterKey: FLEET_MASTER_KEY,
    agents: AGENT_SETTINGS,
  });
  const rootPem = await ca.rootPem();
  log(`issuing ${agents} certificates`);
  // Agents that share a key: what is measured is the control plane's work, which it does for each certificate anew.
  const keys = await generateExportableKeyPair("P-256");
  const keyPem = privateKeyPem(keys.privateKeyDer);
  const signer = await importSigner(keys.privateKeyDer, keys.publicKey);
  const identities: SecureContext[] = [];
  for (let first = 0; first < agents; first += ISSUED_AT_ONCE) {
    const numbers = Array.from(
      { length: Math.min(ISSUED_AT_ONCE, agents - first) },
      (_, at) => first + at,
    );
    const issued = await Promise.all(
      numbers.map(async (number) => {
        const tlsName = `f${number}-1234567.prod.${AGENT_SETTINGS.monitorDomain}`;
        const csrDer = await createCertificateRequest(signer, tlsName);
        const answer = await ca.issueAgentCertificate({ tlsName, csrDer });
        if (!answer.ok) throw new Error(answer.error);
        return answer.value.certificatePem;
      }),
    );
    identities.push(
      ...issued.map((cert) => createSecureContext({ ca: rootPem, cert, key: keyPem })),
    );
  }
  const started = await Promise.all(
    Array.from({ length: replicas }, () => startReplica(postgres.url)),
  );
  for (const replica of started) opening.use(replica);
  const numberFrom = async (query: string): Promise<number> => {
    const { rows } = await database.pool.query<{ value: number }>(query);
    return rows[0]?.value ?? 0;
  };
  const opened = opening.move();
  return {
    urls: started.map(({ url }) => url),
    identities,
    usage: () => Promise.all(started.map((replica) => replica.usage())),
    present: () =>
      numberFrom("select count(*)::int as value from monitor_sessions where expires_at > now()"),
    transactions: () =>
      numberFrom(
        "select xact_commit::float8 as value from pg_stat_database where datname = current_database()",
      ),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

interface RunningReplica extends AsyncDisposable {
  readonly url: string;
  usage(): Promise<ReplicaUsage>;
}

async function startReplica(databaseUrl: string): Promise<RunningReplica> {
  const script = fileURLToPath(new URL("replica.ts", import.meta.url));
  const child: ChildProcess = spawn(
    process.execPath,
    ["--conditions=source", script, databaseUrl],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error("a replica has no pipes");
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const told = async (): Promise<readonly string[]> => {
    const next = await lines.next();
    if (next.done === true) throw new Error("a replica ended by itself");
    return next.value.split(" ").slice(1);
  };
  const [url = ""] = await told();
  return {
    url,
    usage: async () => {
      stdin.write("usage\n");
      const [cpuUs, residentBytes] = await told();
      return { cpuUs: Number(cpuUs), residentBytes: Number(residentBytes) };
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(child, "close");
      stdin.end();
      await closed;
    },
  };
}
