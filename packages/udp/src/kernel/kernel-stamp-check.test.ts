import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import type { KernelNetwork, NetworkPort } from "./kernel-network.ts";
import { checkKernelStamps } from "./kernel-stamp-check.ts";
import { openLinuxCalls } from "./linux-calls.ts";
import { openLinuxNetwork } from "./linux-network.ts";

const WAITS = 5;
const WAIT_MS = 5;

/** Remembers the ports that it opens. */
function useRecordedNetwork(): { network: KernelNetwork; ports: readonly NetworkPort[] } {
  const network = openLinuxNetwork(openLinuxCalls());
  const ports: NetworkPort[] = [];
  const openPort = network.openPort.bind(network);
  network.openPort = (options) => {
    const opened = openPort(options);
    if (opened.ok) ports.push(opened.value);
    return opened;
  };
  return { network, ports };
}

async function sendByte(port: number): Promise<void> {
  const socket = createSocket("udp4");
  socket.send(new Uint8Array(1), port, "127.0.0.1", () => socket.close());
  await once(socket, "close");
}

describe.runIf(process.platform === "linux")("the check for kernel stamps", () => {
  test("leaves a socket that a stray datagram cannot wake the thread with", async () => {
    const { network, ports } = useRecordedNetwork();
    using _ = network;
    expect(checkKernelStamps(network)).toBeUndefined();
    expect(ports).toHaveLength(1);
    await sendByte(ports[0]?.port ?? 0);
    let wakes = 0;
    for (let i = 0; i < WAITS; i += 1) network.wait(WAIT_MS, () => (wakes += 1));
    expect(wakes).toBe(0);
  });
});
