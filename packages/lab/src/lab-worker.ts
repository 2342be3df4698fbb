// The worker thread that runs the simulated servers, so that a busy main thread does not make honest clocks look bad.

import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { assert, unsafelyDeterministicRandom } from "@truechimer/base";
import { createDepartureMemory } from "@truechimer/ntp";
import type { LabWorkerInput, LabWorkerReport } from "./lab-worker-protocol.ts";
import { DIRECT_PATH, drawPathDelays } from "./network-path.ts";
import { planAnswer } from "./plan-answer.ts";
import { createResponderSocket, type ResponderSocket } from "./responder-socket.ts";
import { wallClockNs } from "./wall-clock.ts";

assert(parentPort !== null, "lab-worker.ts runs as a worker thread");
await runLabWorker(parentPort, workerData as LabWorkerInput);

async function runLabWorker(parent: MessagePort, input: LabWorkerInput): Promise<void> {
  const sockets = new Map<string, ResponderSocket>();
  const report = (message: LabWorkerReport): void => parent.postMessage(message);
  const closeAll = async (): Promise<void> => {
    parent.close();
    await Promise.all([...sockets.values()].map((socket) => socket[Symbol.asyncDispose]()));
    sockets.clear();
  };
  const fail = async (server: string, error: unknown): Promise<void> => {
    report({ kind: "failed", server, message: (error as Error).message });
    await closeAll();
  };
  const random = unsafelyDeterministicRandom(input.seed);

  // The only order there is: close.
  parent.once("message", () => void closeAll());

  for (const { definition, address, preferredPort } of input.servers) {
    const departures = createDepartureMemory();
    try {
      const socket = await createResponderSocket({
        address,
        preferredPort,
        wallClockNs,
        planAnswer: (request) =>
          planAnswer({
            ...request,
            definition,
            startedAtNs: input.startedAtNs,
            departures,
            delays: drawPathDelays(input.paths.get(request.sourceAddress) ?? DIRECT_PATH, random),
            random,
          }),
        onBroken: (error) => void fail(definition.name, error),
      });
      sockets.set(definition.name, socket);
    } catch (error) {
      await fail(definition.name, error);
      return;
    }
  }
  report({
    kind: "listening",
    ports: new Map([...sockets].map(([name, socket]) => [name, socket.port])),
  });
}
