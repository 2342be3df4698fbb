import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { agentFacts } from "../agents/agent-facts.ts";
import { agentsOutlook } from "./agents-outlook.ts";

const NOW_MS = Date.UTC(2026, 10, 20);
const DAY_MS = 86_400_000;
const { ACTIVE, PAUSED } = adminV1.MonitorStatus;

function agent(
  patch: MessageInitShape<typeof adminV1.AgentSchema>,
  status: adminV1.MonitorStatus = ACTIVE,
): ReturnType<typeof agentFacts> {
  return agentFacts(
    create(adminV1.AgentSchema, {
      id: "01A",
      name: "oslo",
      online: true,
      lastSeenAt: timestampFromMs(NOW_MS - 60_000),
      monitors: [{ id: 1n, status }],
      ...patch,
    }),
  );
}

function certificate(daysLeft: number): MessageInitShape<typeof adminV1.AgentCertificateSchema> {
  const notAfter = NOW_MS + daysLeft * DAY_MS;
  return {
    notBefore: timestampFromMs(notAfter - 30 * DAY_MS),
    notAfter: timestampFromMs(notAfter),
  };
}

function texts(...agents: readonly ReturnType<typeof agentFacts>[]): readonly string[] {
  return agentsOutlook(agents, NOW_MS).map(({ text }) => text.replaceAll("\u00a0", " "));
}

test("an agent with a young certificate that is there is nothing to tell of", () => {
  expect(texts(agent({ certificate: certificate(20) }))).toEqual([]);
  expect(texts(agent({ certificate: certificate(6) }))).toEqual([]);
});

test("a certificate in the last sixth of its life that was not renewed is told, an ended one more so", () => {
  expect(texts(agent({ certificate: certificate(4) }))).toEqual([
    "oslo: its certificate ends soon and was not renewed, 4 d left",
  ]);
  expect(texts(agent({ certificate: certificate(-1) }))).toEqual([
    "oslo: its certificate ended 1 d ago, it can no longer report",
  ]);
});

test("a lost agent is told first; one that is paused is meant to be silent", () => {
  const gone = agent({ id: "01B", name: "bern", online: false });
  expect(texts(agent({ certificate: certificate(4) }), gone)[0]).toBe("1 agent offline: bern");
  expect(texts(agent({ online: false }, PAUSED))).toEqual([]);
});

test("an agent that was made a moment ago and not heard yet is not lost", () => {
  const made = agentFacts(
    create(adminV1.AgentSchema, {
      id: "01C",
      name: "rome",
      online: false,
      monitors: [{ id: 2n, status: ACTIVE }],
    }),
  );
  expect(texts(made)).toEqual([]);
});

test("one lost agent leads to its page, several to the list", () => {
  const gone = (id: string): ReturnType<typeof agentFacts> => agent({ id, online: false });
  expect(agentsOutlook([gone("01B")], NOW_MS)[0]?.href).toBe("/agents/01B");
  expect(agentsOutlook([gone("01B"), gone("01C")], NOW_MS)[0]?.href).toContain("online=no");
});
