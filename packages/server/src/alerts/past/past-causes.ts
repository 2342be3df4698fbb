// What alerts of the past have in common, by what was known at their time of networks and agents.

import { agentCause, type Cause, type CausesAt, causesOfServers } from "@truechimer/alerts";
import { adminV1 } from "@truechimer/api";
import type { GroupingName } from "@truechimer/database";
import type { ServerContext } from "../../context.ts";
import { isUnwatched, readServerPlaces } from "../server-places.ts";
import { stateAt } from "./changes.ts";
import { type PastMonitor, pastMonitors } from "./past-monitors.ts";
import type { PastServer } from "./past-servers.ts";

export interface PastSubject {
  readonly id: bigint;
  readonly name: string;
  /** Undefined: it is a monitor. */
  readonly past: PastServer | undefined;
}

interface CausesInput {
  readonly grouping: GroupingName;
  readonly ruleName: string;
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly subjects: readonly PastSubject[];
}

export async function pastCauses(
  context: ServerContext,
  { grouping, ruleName, fromNs, toNs, subjects }: CausesInput,
): Promise<CausesAt<PastSubject>> {
  if (grouping === "rule") return (alerts) => alerts.map(() => ({ key: "rule", title: ruleName }));
  if (grouping === "none") {
    return (alerts) =>
      alerts.map(({ subject: { id, name, past } }) => ({
        key: `${past === undefined ? "monitor" : "server"}:${id}`,
        title: name,
      }));
  }
  const ids = subjects.filter(({ past }) => past !== undefined).map(({ id }) => id);
  if (ids.length === 0) return (alerts) => alerts.map(({ subject }) => agentCause(subject.name));
  const places = await readServerPlaces(context.database.kysely, ids);
  const monitors = await pastMonitors(context, { accountId: undefined, fromNs, toNs });
  return (alerts, atNs) => {
    const servers = alerts.flatMap(({ subject: { id, name, past } }) => {
      if (past === undefined) return [];
      const { verdict, verdictReason } = stateAt(past.first, past.steps, atNs);
      return {
        id,
        name,
        agents: [],
        ...places.byServer.get(id),
        unreachable: verdict === adminV1.Verdict.UNREACHABLE,
        falseticker: verdict === adminV1.Verdict.FALSETICKER,
        unwatched: isUnwatched(verdictReason),
      };
    });
    const causes = causesOfServers(servers, {
      lostAgents: lostAgentsAt(monitors, atNs),
      serversByNetwork: places.serversByNetwork,
    });
    return alerts.flatMap(({ subject }): Cause[] => {
      const cause = causes.get(subject.id);
      return cause === undefined ? [] : [cause];
    });
  };
}

/** An agent has a monitor for each IP family, of the same name. */
function lostAgentsAt(monitors: readonly PastMonitor[], atNs: bigint): ReadonlySet<string> {
  const byName = Map.groupBy(monitors, ({ monitor }) => monitor.name);
  const lost = [...byName].filter(([, own]) =>
    own.every(({ first, steps }) => !stateAt(first, steps, atNs).online),
  );
  return new Set(lost.map(([name]) => name));
}
