// A certificate authority on a PostgreSQL of its own, and the agents that ask it.

import { systemClock, systemRandom } from "@truechimer/base";
import { createCertificateRequest, generateSigner } from "@truechimer/pki";
import { AGENT_SETTINGS, createCertificateAuthority } from "@truechimer/server";
import { openThrowAwayDatabase } from "../throw-away-database.ts";

/** Requests are made before the clock runs: that is the agents' work, not the authority's. */
const AGENTS = 32;
const MASTER_KEY_BYTES = 32;

export interface IssuingWorld extends AsyncDisposable {
  /** For the request of the agent with this number. */
  issueForRequest(agent: number): Promise<void>;
  issueWithKey(agent: number): Promise<void>;
  /** Rows of the ledger that hold a certificate. */
  storedCertificates(): Promise<number>;
}

export async function openIssuingWorld(): Promise<IssuingWorld> {
  await using opening = new AsyncDisposableStack();
  const { database } = opening.use(await openThrowAwayDatabase());
  const ca = createCertificateAuthority({
    database,
    clock: systemClock,
    random: systemRandom,
    masterKey: systemRandom.bytes(MASTER_KEY_BYTES),
    agents: AGENT_SETTINGS,
  });
  const agents = await Promise.all(
    Array.from({ length: AGENTS }, async (_, at) => {
      const tlsName = `agent${at}-1234567.prod.${AGENT_SETTINGS.monitorDomain}`;
      const csrDer = await createCertificateRequest(await generateSigner("P-256"), tlsName);
      return { tlsName, csrDer };
    }),
  );
  const agentAt = (at: number): { readonly tlsName: string; readonly csrDer: Uint8Array } => {
    const agent = agents[at % AGENTS];
    if (agent === undefined) throw new Error("there are no agents");
    return agent;
  };
  const opened = opening.move();
  return {
    issueForRequest: async (at) => {
      const issued = await ca.issueAgentCertificate(agentAt(at));
      if (!issued.ok) throw new Error(issued.error);
    },
    issueWithKey: async (at) => {
      await ca.issueAgentCertificateWithKey({ tlsName: agentAt(at).tlsName });
    },
    storedCertificates: async () => {
      const { rows } = await database.pool.query<{ count: number }>(
        "select count(*)::int as count from certificates where certificate is not null",
      );
      return rows[0]?.count ?? 0;
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
