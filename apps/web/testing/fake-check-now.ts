// Checks on demand of the fake: monitors that are online are asked, and answer one after the other, the near ones first.

import { setTimeout as wait } from "node:timers/promises";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { adminV1 } from "@truechimer/api";
import { type FakeMonitor, noise } from "./lab-facts.ts";
import { checkIndexAt, observe } from "./observations.ts";
import type { WatchedServer } from "./wire.ts";

type Response = MessageInitShape<typeof adminV1.CheckNowResponseSchema>;

export interface FakeCheckNow {
  readonly server: WatchedServer;
  readonly monitors: readonly FakeMonitor[];
  readonly wireMonitors: readonly adminV1.Monitor[];
  readonly request: adminV1.CheckNowRequest;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
}

const MONITORS_DEFAULT = 10;
const EXPIRES_AFTER_MS = 10_000;
/** Between two answers: so that they are seen to come. */
const ANSWER_EVERY_MS = 60;

export async function* fakeCheckNow(call: FakeCheckNow): AsyncGenerator<Response> {
  const { request, nowMs, signal } = call;
  const asked = call.wireMonitors
    .filter(({ online }) => online)
    .slice(0, request.monitorsMax === 0 ? MONITORS_DEFAULT : request.monitorsMax);
  yield {
    event: {
      case: "asked",
      value: {
        requestId: "01Q00000000000000000000001",
        monitors: asked,
        expiresAt: timestampFromMs(nowMs() + EXPIRES_AFTER_MS),
      },
    },
  };
  const facts = call.monitors
    .filter(({ id }) => asked.some((one) => one.id === id))
    .toSorted((one, other) => one.delayNs - other.delayNs);
  let answered = 0;
  for (const monitor of facts) {
    await wait(ANSWER_EVERY_MS, undefined, { signal });
    const value =
      request.kind === adminV1.OnDemandKind.TRACEROUTE
        ? tracerouteAnswer(call, monitor)
        : checkAnswer(call, monitor);
    answered += 1;
    yield { event: { case: "answer", value } };
  }
  yield { event: { case: "ended", value: { asked: asked.length, answered } } };
}

function checkAnswer(
  { server, nowMs }: FakeCheckNow,
  monitor: FakeMonitor,
): MessageInitShape<typeof adminV1.CheckNowAnswerSchema> {
  const { facts } = server;
  const seen = observe(facts, monitor, checkIndexAt(facts, monitor, nowMs()), nowMs());
  const measured = seen !== undefined && !Number.isNaN(seen.offsetNs);
  return {
    monitorId: monitor.id,
    monitorName: monitor.name,
    reason: seen?.reason ?? "timeout",
    ...(measured
      ? {
          offset: { valueNs: BigInt(seen.offsetNs), boundNs: BigInt(seen.boundNs) },
          rttNs: BigInt(seen.rttNs),
          stratum: facts.stratum,
          leap: facts.leap,
        }
      : {}),
    answeredAt: timestampFromMs(nowMs()),
  };
}

/** The way is by the monitor's own provider, one of three carriers, and the server's two routers. */
function tracerouteAnswer(
  { server, nowMs }: Pick<FakeCheckNow, "server" | "nowMs">,
  monitor: FakeMonitor,
): MessageInitShape<typeof adminV1.CheckNowAnswerSchema> {
  const number = Number(monitor.id);
  const carrier = number % 3;
  const silent = server.facts.loss === 1;
  const way: readonly (readonly string[])[] = [
    [`10.${number}.0.1`],
    [`198.51.100.${number * 4 + 1}`],
    carrier === 1 ? [] : [`203.0.113.${carrier * 16 + 1}`],
    carrier === 2 ? [`203.0.113.40`, `203.0.113.41`] : [`203.0.113.${carrier * 16 + 2}`],
    carrier === 2 ? ["192.0.2.129"] : ["192.0.2.193"],
    ...(silent ? [[], [], []] : [["192.0.2.254"], [server.facts.address]]),
  ];
  return {
    monitorId: monitor.id,
    monitorName: monitor.name,
    reason: silent ? "timeout" : "",
    hops: way.map((addresses, index) =>
      create(adminV1.TracerouteHopSchema, {
        hopLimit: index + 1,
        answers: addresses.map((address, turn) => ({
          address,
          ...networkOf(address),
          rttNs: BigInt(
            Math.round(
              (monitor.delayNs * (index + 1)) / way.length +
                40_000 * (1 + turn + noise(number, index, turn)),
            ),
          ),
        })),
      }),
    ),
    answeredAt: timestampFromMs(nowMs()),
  };
}

/** Of carriers and the server's own provider; a monitor's first routers are in none that is known. */
function networkOf(address: string): { readonly network?: { number: number; name: string } } {
  if (address.startsWith("192.0.2."))
    return { network: { number: 64_496, name: "Example Hosting" } };
  const carrier = /^203\.0\.113\.(\d+)$/.exec(address)?.[1];
  if (carrier === undefined) return {};
  const number = 64_500 + Math.floor(Number(carrier) / 16);
  return { network: { number, name: `Example Transit ${number - 64_499}` } };
}

/** The same way as one that nobody had to ask for. */
export function keptPath(
  call: Pick<FakeCheckNow, "server" | "nowMs">,
  monitor: FakeMonitor,
): adminV1.StoredTraceroute {
  const answer = create(adminV1.CheckNowAnswerSchema, tracerouteAnswer(call, monitor));
  return create(adminV1.StoredTracerouteSchema, {
    id: monitor.id,
    startedAt: timestampFromMs(call.nowMs()),
    monitorId: monitor.id,
    monitorName: monitor.name,
    reached: answer.reason === "",
    reason: answer.reason,
    hops: answer.hops,
  });
}
