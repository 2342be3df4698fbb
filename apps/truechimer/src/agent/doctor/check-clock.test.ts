// The doctor's look at the clock and the way to port 123, with simulated servers that really speak NTP over UDP.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { create } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { parseIpAddress, systemClock, systemRandom } from "@truechimer/base";
import { createLab, type LabFault } from "@truechimer/lab";
import { createProbeSocket } from "@truechimer/udp";
import { expect, onTestFinished, test } from "vitest";
import type { DoctorFinding } from "../../doctor/finding.ts";
import { checkClock } from "./check-clock.ts";

/** Generous: the servers share two cores with everything else. */
const ANSWER_MS_MAX = 3_000;
/** For those that never answer. */
const SILENCE_MS = 200;
const SECOND_NS = 1_000_000_000n;

/** One trusted server for each fault; "nobody" is a port at which there is none. */
async function checkAgainst(
  faults: readonly (LabFault | "nobody")[],
  sampleTimeoutMs: number = ANSWER_MS_MAX,
): Promise<readonly DoctorFinding[]> {
  const names = faults.map((_fault, index) => `trusted${index}.example`);
  const closed = await closedPort();
  const lab = await createLab({
    clock: systemClock,
    random: systemRandom,
    catalogue: faults.flatMap((fault, index) =>
      fault === "nobody"
        ? []
        : [
            {
              name: names[index] ?? "",
              family: "v4",
              stratum: 2,
              referenceId: "192.0.2.1",
              fault,
              description: "",
              expectedVerdict: "unsure",
              expectedReason: "",
            },
          ],
    ),
  });
  const probeSocket = await createProbeSocket({ clock: systemClock, random: systemRandom });
  onTestFinished(async () => {
    await probeSocket[Symbol.asyncDispose]();
    await lab[Symbol.asyncDispose]();
  });
  const loopback = parseIpAddress("127.0.0.1");
  return checkClock({
    config: create(monitorV2.GetConfigResponseSchema, {
      baseChecks: names.map((name) => new TextEncoder().encode(name)),
    }),
    peerTime: undefined,
    families: ["v4"],
    probeSocket,
    resolveHost: async () => (loopback.ok ? [loopback.value] : []),
    clock: systemClock,
    portOf: (host) => lab.servers.find(({ name }) => name === host)?.port ?? closed,
    sampleTimeoutMs,
  });
}

async function closedPort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  await once(socket, "close");
  return port;
}

function off(offsetNs: bigint): LabFault {
  return { kind: "offset", offsetNs };
}

test.each([
  { name: "behind", servers: 90n * SECOND_NS, says: /it is 90\.0 s behind, by 3 trusted servers/ },
  { name: "ahead of time", servers: -90n * SECOND_NS, says: /it is 90\.0 s ahead, by 3 trusted/ },
])(
  "a clock that is $name is a problem, told with its amount, and what to do",
  async ({ servers, says }) => {
    const [way, clock] = await checkAgainst([off(servers), off(servers), off(servers)]);
    expect(way?.health).toBe("ok");
    expect(clock).toMatchObject({ what: "clock", health: "problem" });
    expect(clock?.found).toMatch(says);
    expect(clock?.remedy).toMatch(/chronyc tracking/);
  },
);

test("UDP that is dropped on its way is a problem, and the clock is not judged", async () => {
  const findings = await checkAgainst([{ kind: "silent" }, { kind: "silent" }], SILENCE_MS);
  expect(findings).toMatchObject([
    { what: "UDP 123", health: "problem", found: "none of 2 trusted servers answered (timeout)" },
  ]);
  expect(findings[0]?.remedy).toMatch(/let UDP to port 123 out/);
});

test("UDP that is turned away is a problem, too, and says how", async () => {
  const findings = await checkAgainst(["nobody", "nobody"], SILENCE_MS);
  expect(findings).toMatchObject([{ what: "UDP 123", health: "problem" }]);
  expect(findings[0]?.found).toMatch(
    /none of 2 trusted servers answered \((connection_refused|timeout)\)/,
  );
});
