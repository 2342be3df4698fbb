// Whether this host really takes both kernel stamps, found out by doing it: one datagram to ourselves. Options that are
// accepted prove nothing (some sandboxes accept and ignore them).

import type { KernelNetwork, NetworkPort } from "./kernel-network.ts";

const LOOPBACK_BYTES = [127, 0, 0, 1];
/** The kernel begins to stamp incoming packets some milliseconds after the first socket asks for it. */
const ATTEMPTS_MAX = 100;
const ATTEMPT_WAIT_MS = 10;
/** Wide enough for a stopped thread, narrow enough to notice a stamp of another clock. */
const STAMP_AGE_NS_MAX = 10_000_000_000n;

interface Stamps {
  transmitNs: bigint | undefined;
  receiveNs: bigint | undefined;
}

/**
 * Why there are no kernel stamps. Absent: there are. The port stays open, so that the kernel goes on stamping, but is no
 * longer watched: whatever else comes to it would wake the thread for ever.
 */
export function checkKernelStamps(network: KernelNetwork): string | undefined {
  const opened = network.openPort({
    localAddress: Uint8Array.from(LOOPBACK_BYTES),
    isWildcard: false,
  });
  if (!opened.ok) return `a UDP socket with time stamps was refused: error number ${opened.error}`;
  const problem = stampProblem(network, opened.value);
  network.unwatchPort(opened.value);
  return problem;
}

function stampProblem(network: KernelNetwork, port: NetworkPort): string | undefined {
  const stamps: Stamps = { transmitNs: undefined, receiveNs: undefined };
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const problem = exchangeWithOurselves(network, port, stamps);
    if (problem !== undefined) return problem;
    if (stamps.transmitNs !== undefined && stamps.receiveNs !== undefined) {
      return agreesWithWallClock(network, [stamps.transmitNs, stamps.receiveNs])
        ? undefined
        : "the kernel's stamps are not of the wall clock";
    }
    network.wait(ATTEMPT_WAIT_MS, () => {});
  }
  return stamps.transmitNs === undefined
    ? "the kernel gives no transmit time stamps"
    : "the kernel gives no receive time stamps";
}

function exchangeWithOurselves(
  network: KernelNetwork,
  port: NetworkPort,
  stamps: Stamps,
): string | undefined {
  const to = { address: Uint8Array.from(LOOPBACK_BYTES), port: port.port };
  const { sent, errno } = network.send(port, [{ to, bytes: new Uint8Array(8) }]);
  if (sent !== 1) return `sending to the loopback interface failed: error number ${errno}`;
  network.wait(ATTEMPT_WAIT_MS, () => {});
  network.receiveErrors(port, {
    onTransmitStamp: (_index, stampNs) => {
      stamps.transmitNs = stampNs;
    },
    onUnreachable: () => {},
  });
  network.receive(port, ({ stampNs }) => {
    stamps.receiveNs = stampNs;
  });
  return undefined;
}

function agreesWithWallClock(network: KernelNetwork, stamps: readonly bigint[]): boolean {
  const { wallNs } = network.readClocks();
  return stamps.every((stampNs) => {
    const ageNs = wallNs - stampNs;
    return ageNs > -STAMP_AGE_NS_MAX && ageNs < STAMP_AGE_NS_MAX;
  });
}
