import { unsafelyDeterministicRandom } from "@truechimer/base";
import {
  createClientRequest,
  createDepartureMemory,
  judgeExchange,
  NTP_HEADER_BYTES,
} from "@truechimer/ntp";
import fc from "fast-check";
import { expect, test } from "vitest";
import { LAB_CATALOGUE } from "./lab-catalogue.ts";
import { planAnswer } from "./plan-answer.ts";

const delayNs = fc.bigInt({ min: 0n, max: 200_000_000n });
const instantNs = fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n });
const definition = fc.constantFrom(...LAB_CATALOGUE);

test("no datagram is answered by a longer one, and none crashes a server", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), definition, (datagram, server) => {
      const plan = planAnswer({
        datagram,
        receivedAtNs: 1_790_000_000_000_000_000n,
        sourceAddress: "127.0.0.1",
        definition: server,
        departures: createDepartureMemory(),
        startedAtNs: 1_790_000_000_000_000_000n,
        delays: { forwardNs: 0n, returnNs: 0n },
        random: unsafelyDeterministicRandom(1),
      });
      if (plan === undefined) return;
      const answer = plan.encodeSentAt(plan.sendAtNs);
      expect(answer.length).toBe(NTP_HEADER_BYTES);
      expect(answer.length).toBeLessThanOrEqual(datagram.length);
    }),
  );
});

test("an exact server is always measured within its bound, however long and lopsided the path", () => {
  fc.assert(
    fc.property(instantNs, delayNs, delayNs, delayNs, (askedAtNs, forwardNs, returnNs, lateNs) => {
      const random = unsafelyDeterministicRandom(1);
      const { bytes } = createClientRequest(random);
      const plan = planAnswer({
        datagram: bytes,
        receivedAtNs: askedAtNs,
        sourceAddress: "127.0.1.1",
        definition: exactServer(),
        startedAtNs: askedAtNs,
        departures: createDepartureMemory(),
        delays: { forwardNs, returnNs },
        random,
      });
      const sentAtNs = (plan?.sendAtNs ?? 0n) + lateNs;
      const { reason, measurement } = judgeExchange({
        request: bytes,
        t1: { atNs: askedAtNs, source: "kernel" },
        response: plan?.encodeSentAt(sentAtNs),
        t4: { atNs: sentAtNs, source: "kernel" },
        sourceAddress: undefined,
        sourcePort: undefined,
        destinationAddress: "127.0.0.1",
        destinationPort: 123,
        clockStepNs: undefined,
      });
      expect(reason).toBeUndefined();
      const offsetNs = measurement?.offsetNs ?? 0n;
      expect(offsetNs < 0n ? -offsetNs : offsetNs).toBeLessThanOrEqual(measurement?.boundNs ?? 0n);
    }),
  );
});

function exactServer(): (typeof LAB_CATALOGUE)[number] {
  const server = LAB_CATALOGUE.find(({ name }) => name === "truth1.lab");
  if (server === undefined) throw new Error("the catalogue has no truth1.lab");
  return server;
}
