// What is about to break among the agents: those that are lost, and certificates that end soon without a successor.

import type { AgentFacts } from "../agents/agent-facts.ts";
import { certificateLife } from "../agents/certificate-life.ts";
import { countOf } from "../format/number.ts";
import { paths } from "../url/paths.ts";
import type { Warning } from "./outlook.ts";

/** Names that a line carries. */
const NAMES_MAX = 3;

/** Finds them; the gravest first. */
export function agentsOutlook(agents: readonly AgentFacts[], nowMs: number): readonly Warning[] {
  return [...lost(agents), ...endingCertificates(agents, nowMs)];
}

/** An agent of which every family is paused or removed is meant to be silent; one never heard yet is not lost. */
function lost(agents: readonly AgentFacts[]): readonly Warning[] {
  const gone = agents.filter(
    ({ online, lastSeenAtMs, families }) =>
      !online &&
      lastSeenAtMs !== undefined &&
      families.some(({ status }) => status !== "paused" && status !== "deleted"),
  );
  const [first] = gone;
  if (first === undefined) return [];
  const names = gone.slice(0, NAMES_MAX).map(({ name }) => name);
  const rest = gone.length > names.length ? ` and ${gone.length - names.length} more` : "";
  return [
    {
      key: "lost-agents",
      text: `${countOf(gone.length, "agent")} offline: ${names.join(", ")}${rest}`,
      href: gone.length === 1 ? paths.agent(first.id) : paths.agents("?online=no&lab=shown"),
    },
  ];
}

function endingCertificates(agents: readonly AgentFacts[], nowMs: number): readonly Warning[] {
  return agents.flatMap((agent) => {
    const life = certificateLife(agent.certificate, nowMs);
    if (life?.state !== "ending" && life?.state !== "ended") return [];
    const text =
      life.state === "ended"
        ? `${agent.name}: its certificate ${life.text}, it can no longer report`
        : `${agent.name}: its certificate ends soon and was not renewed, ${life.text}`;
    return [{ key: `certificate-${agent.id}`, text, href: paths.agent(agent.id) }];
  });
}
