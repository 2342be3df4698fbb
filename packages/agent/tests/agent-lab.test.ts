// The agent against the lab over real sockets: what each simulated server must look like from real packets.

import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { createAgent } from "@truechimer/agent";
import {
  AppError,
  type IpAddress,
  parseIpAddress,
  systemClock,
  systemRandom,
} from "@truechimer/base";
import { createLab, type Lab } from "@truechimer/lab";
import { silentLogger } from "@truechimer/telemetry";
import { createProbeSocket, type ProbeSocket } from "@truechimer/udp";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createFakeControlPlane } from "./_fake-control-plane.ts";

let lab: Lab;
let socket: ProbeSocket;

beforeAll(async () => {
  lab = await createLab({ clock: systemClock, random: systemRandom });
  socket = await createProbeSocket({ clock: systemClock, random: systemRandom });
});

afterAll(async () => {
  await socket[Symbol.asyncDispose]();
  await lab[Symbol.asyncDispose]();
});

function ip(text: string): IpAddress {
  const address = parseIpAddress(text);
  if (!address.ok) throw new AppError("bad_address", address.error);
  return address.value;
}

test("every simulated server is reported with its own reason", async () => {
  const plane = createFakeControlPlane();
  plane.config = {
    samples: 2,
    privateTargetsAllowed: true,
    sampleInterval: durationFromMs(50),
    sampleTimeout: durationFromMs(300),
    idlePollInterval: durationFromMs(100),
  };
  const servers = lab.servers.filter(({ family }) => family === "v4");
  plane.due.push(servers.map(({ address, port }) => ({ ipBytes: ip(address).bytes, port })));
  const point = lab.vantagePoints[1];
  const local = point?.localAddress;
  await using agent = createAgent({
    apiUrl: "http://unused.invalid",
    monitors: [
      { address: ip("127.0.1.2"), token: "tcm_x", ...(local ? { localAddress: ip(local) } : {}) },
    ],
    probeSocket: socket,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    version: "0.1.0",
    createTransport: plane.createTransport,
  });
  agent.start();
  await vi.waitFor(() => expect(plane.counted).toHaveLength(servers.length), { timeout: 10_000 });
  const reasons = Object.fromEntries(
    servers.map(({ name, port }) => [name, plane.counted.find((s) => s.port === port)?.reason]),
  );
  console.log(
    reasons,
    plane.counted.map((s) => [s.port, s.offset, s.errorBound, s.responses.length]),
    socket.timestampSource,
  );
});
