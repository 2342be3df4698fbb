// Whose fault it is in the fake fleet: the clock of a falseticker is its own, and one monitor's way to it loses requests.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { FakeMonitor } from "./lab-facts.ts";

const MONITORS_PER_NETWORK = 3;
const FIRST_NETWORK = 64_500;

/** What is wrong as seen at this server. */
export function faultsOf(
  server: adminV1.Server,
  monitors: readonly FakeMonitor[],
): readonly adminV1.ServerFault[] {
  if (server.verdict !== adminV1.Verdict.FALSETICKER) return [];
  const witnesses = (sees: (index: number) => boolean): adminV1.FaultWitness[] =>
    monitors.map(({ id, name }, index) =>
      create(adminV1.FaultWitnessSchema, {
        monitorId: id,
        monitorName: name,
        network: `AS${FIRST_NETWORK + Math.floor(index / MONITORS_PER_NETWORK)}`,
        sees: sees(index),
        shares: index < MONITORS_PER_NETWORK ? ["network"] : [],
      }),
    );
  return [
    create(adminV1.ServerFaultSchema, {
      fault: adminV1.Fault.SERVER,
      cause: "clock_off",
      text: `the server: its clock is off; ${monitors.length} of ${monitors.length} monitors see it, and none of their views of other servers shows it`,
      reach: "server",
      reachFrom: String(server.id),
      witnesses: witnesses(() => true),
    }),
    create(adminV1.ServerFaultSchema, {
      fault: adminV1.Fault.PATH,
      cause: "loss",
      text: `the path: requests are lost through AS${FIRST_NETWORK} (38 %); 2 of ${monitors.length} monitors see it`,
      reach: "part",
      reachFrom: `AS${FIRST_NETWORK}`,
      reachTo: String(server.id),
      witnesses: witnesses((index) => index < 2),
    }),
  ];
}

/** The same server with the first of them as its own. */
export function withFault(
  server: adminV1.Server,
  monitors: readonly FakeMonitor[],
): adminV1.Server {
  const [first] = faultsOf(server, monitors);
  if (first === undefined) return server;
  const { fault, cause, text } = first;
  return create(adminV1.ServerSchema, {
    ...server,
    fault,
    faultCause: cause,
    faultText: text,
    ...(server.verdictSince === undefined ? {} : { faultSince: server.verdictSince }),
  });
}
