import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { agentFacts, ownClockOf } from "./agent-facts.ts";

function monitor(
  family: adminV1.IpFamily,
  fromFleetNs?: bigint,
  boundNs?: bigint,
): adminV1.Monitor {
  return create(adminV1.MonitorSchema, {
    id: BigInt(family),
    family,
    checksLastHour: 60n,
    checksWithoutAnswerLastHour: family === adminV1.IpFamily.V6 ? 30n : 0n,
    serversJudged: 4,
    serversAgreed: 3,
    ...(fromFleetNs === undefined ? {} : { offsetFromFleetNs: fromFleetNs }),
    ...(boundNs === undefined ? {} : { offsetFromFleetBoundNs: boundNs }),
  });
}

const { V4, V6 } = adminV1.IpFamily;

test("an agent that finds its servers ahead is itself behind", () => {
  expect(ownClockOf([monitor(V4, 2_000_000n, 1_000n)])).toEqual({
    valueNs: -2_000_000n,
    boundNs: 1_000n,
  });
});

test("of two families the one with the tighter bound speaks; one without a bound gives way", () => {
  const [wide, tight, none] = [monitor(V4, 10n, 900n), monitor(V6, 20n, 300n), monitor(V4, 30n)];
  expect(ownClockOf([wide, tight])?.valueNs).toBe(-20n);
  expect(ownClockOf([tight, wide])?.valueNs).toBe(-20n);
  expect(ownClockOf([none, wide])?.valueNs).toBe(-10n);
  expect(ownClockOf([none])).toEqual({ valueNs: -30n, boundNs: undefined });
  expect(ownClockOf([monitor(V4)])).toBeUndefined();
});

test("loss and agreement are over both families, IPv4 stands first", () => {
  const agent = create(adminV1.AgentSchema, { id: "01J", monitors: [monitor(V6), monitor(V4)] });
  const facts = agentFacts(agent);
  expect(facts.families.map(({ family }) => family)).toEqual(["IPv4", "IPv6"]);
  expect(facts.loss).toBe(0.25);
  expect([facts.agreed, facts.judged]).toEqual([6, 8]);
  expect(facts.name).toBe("01J");
});

test("without checks there is no loss to tell", () => {
  expect(agentFacts(create(adminV1.AgentSchema, {})).loss).toBeUndefined();
});
