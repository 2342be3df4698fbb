// Scenario agent-fleet: thousands of agents over mutual TLS, each with its stream open; then all of them lose their
// connection at one instant and come back at once. Two API replicas, the database and the fleet itself share the cores.

import { create, toBinary } from "@bufbuild/protobuf";
import { agentV1 } from "@truechimer/api";
import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import type { ResultRow, Scenario, ScenarioOptions } from "../scenario.ts";
import { isWanted } from "../scenario.ts";
import { type Spread, spreadOf } from "../statistics.ts";
import { type FleetWorld, openFleetWorld } from "./fleet-world.ts";
import { reportAgentFleet } from "./report.ts";
import { type WatchingAgent, type WatchOptions, watch } from "./watching-agent.ts";

const AGENTS = 5_000;
const QUICK_AGENTS = 200;
const REPLICAS = 2;
/** Streams are watched doing nothing for so long: two heartbeats. */
const IDLE_MS = 20_000;
/** Between two tries of an agent, the first time; doubled each time up to the most, with as much jitter. */
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 30_000;
/** All must be there again by then. */
const STORM_MS_MAX = 100_000;
const US_PER_SECOND = 1e6;
/** Each begins where the one before has ended. */
const CONDITIONS = ["1-arrival", "2-idle", "3-storm"] as const;

export interface AgentFleetRow extends ResultRow {
  readonly title: string;
  readonly agents: number;
  readonly tookMs: number;
  /** From the instant that an agent begins to its stream's first event. Absent: nobody connected. */
  readonly connectMs?: Spread;
  /** Tries that failed, and were repeated. */
  readonly failedTries: number;
  /** How often, by what the agent was told: ECONNRESET, ABORT_ERR (no answer in time), … */
  readonly failures: Readonly<Record<string, number>>;
  /** Streams that the database holds to be there at the end. */
  readonly present: number;
  /** Of both replicas, in cores. */
  readonly serverCores: number;
  readonly residentMb: readonly number[];
  readonly transactionsPerSecond: number;
}

export const agentFleet: Scenario = {
  name: "agent-fleet",
  summary: "Thousands of agents with their streams open, and all of them coming back at once.",
  parts: () => ({ condition: CONDITIONS }),
  run: runAgentFleet,
  report: (rows) => reportAgentFleet(rows as readonly AgentFleetRow[]),
};

async function runAgentFleet(options: ScenarioOptions): Promise<readonly AgentFleetRow[]> {
  const count = options.quick ? QUICK_AGENTS : AGENTS;
  await using world = await openFleetWorld({
    agents: count,
    replicas: REPLICAS,
    log: (line) => options.log(`agent-fleet: ${line}`),
  });
  const rows: AgentFleetRow[] = [];
  const measure = async (
    key: (typeof CONDITIONS)[number],
    title: string,
    work: () => Promise<Figures>,
  ): Promise<void> => {
    options.log(`agent-fleet: ${title}`);
    const row = await measured(world, work);
    if (isWanted(options.condition, key)) rows.push({ key, title, agents: count, ...row });
  };
  let fleet: readonly WatchingAgent[] = [];
  const storm = async (): Promise<Figures> => {
    const { agents, ...figures } = await connectAll(world);
    fleet = agents;
    return figures;
  };
  await measure("1-arrival", "all arrive at once", storm);
  await measure("2-idle", "all streams open, nothing asked", async () => {
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    const lost = fleet.filter((agent) => agent.ended()).length;
    if (lost > 0) throw new Error(`${lost} streams ended by themselves`);
    return { failedTries: 0, failures: {} };
  });
  for (const agent of fleet) agent.drop();
  await measure("3-storm", "all lost their connection, and come back at once", storm);
  for (const agent of fleet) agent.drop();
  return rows;
}

type Figures = Pick<AgentFleetRow, "connectMs" | "failedTries" | "failures">;

async function measured(
  world: FleetWorld,
  work: () => Promise<Figures>,
): Promise<Omit<AgentFleetRow, "key" | "title" | "agents">> {
  const before = await world.usage();
  const transactions = await world.transactions();
  const startedMs = performance.now();
  const figures = await work();
  const tookMs = performance.now() - startedMs;
  const after = await world.usage();
  const cpuUs = after.reduce(
    (sum, { cpuUs: each }, at) => sum + each - (before[at]?.cpuUs ?? 0),
    0,
  );
  return {
    measuredOn: new Date().toISOString().slice(0, 10),
    tookMs,
    ...figures,
    present: await world.present(),
    serverCores: cpuUs / US_PER_SECOND / (tookMs / 1_000),
    residentMb: after.map(({ residentBytes }) => residentBytes / 1e6),
    transactionsPerSecond: ((await world.transactions()) - transactions) / (tookMs / 1_000),
  };
}

interface Connected extends Figures {
  readonly agents: readonly WatchingAgent[];
}

async function connectAll({ identities, urls }: FleetWorld): Promise<Connected> {
  const path = `/${agentV1.AgentService.typeName}/Watch`;
  const waits: number[] = [];
  const failures: Record<string, number> = {};
  const startedMs = performance.now();
  const agents = await Promise.all(
    identities.map(async (secureContext, at) => {
      for (let tries = 0; ; tries += 1) {
        // As a load balancer would: to another replica at the next try.
        const url = urls[(at + tries) % urls.length] ?? "";
        try {
          const agent = await watch({ url, secureContext, path, body: watchBody() });
          waits.push(performance.now() - startedMs);
          return agent;
        } catch (error) {
          const code = codeOf(error);
          failures[code] = (failures[code] ?? 0) + 1;
          if (performance.now() - startedMs > STORM_MS_MAX) {
            throw new Error(`not all were there in time: ${JSON.stringify(failures)}`, {
              cause: error,
            });
          }
          await new Promise((resolve) => setTimeout(resolve, retryMs(tries)));
        }
      }
    }),
  );
  const failedTries = Object.values(failures).reduce((sum, each) => sum + each, 0);
  return { agents, connectMs: spreadOf(waits), failedTries, failures };
}

/** Of the connection, or that of HTTP: "HTTP 503". */
function codeOf(error: unknown): string {
  const status = error instanceof Error ? STATUS.exec(error.message)?.[1] : undefined;
  if (status !== undefined) return `HTTP ${status}`;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "other";
}

const STATUS = /^HTTP\/1\.1 (\d{3})/;

function retryMs(tries: number): number {
  const delayMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** tries);
  return delayMs * (1 + systemRandom.fraction());
}

/** A message of a stream as Connect wraps it: no flags, its length, itself. */
function watchBody(): WatchOptions["body"] {
  const message = toBinary(
    agentV1.WatchRequestSchema,
    create(agentV1.WatchRequestSchema, {
      sessionId: createUlid(systemClock, systemRandom),
      version: "v4.1.5/bench",
    }),
  );
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
