// What is measured at each turn: one exchange in basic mode, one in interleaved mode, or a whole check of three samples
// with the choice of the best, which is what users get.

import type { IpAddress } from "@truechimer/base";
import { sleep, systemClock } from "@truechimer/base";
import {
  checkResultOf,
  createInterleavedSession,
  type InterleavedSession,
  type Sample,
} from "@truechimer/ntp";
import type { ProbeSocket } from "@truechimer/udp";
import type { Targets } from "./targets.ts";

export const MODE_NAMES = ["basic", "interleaved", "check"] as const;
export type ModeName = (typeof MODE_NAMES)[number];

/** Takes a turn with the server at `index`. Absent: a turn that counts for nothing, as the first two of a session. */
export type TakeTurn = (index: number) => Promise<Sample | undefined>;

const TIMEOUT_MS = 2_000;
const SAMPLES = 3;
/** Between the samples of a check; a real one waits 2 s. */
const SAMPLE_GAP_MS = 4.5;

export function createTurns(mode: ModeName, probe: ProbeSocket, targets: Targets): TakeTurn {
  const exchange = (index: number, session?: InterleavedSession): Promise<Sample> =>
    probe.exchange({
      address: addressAt(targets, index),
      port: targets.port,
      timeoutMs: TIMEOUT_MS,
      ...(session === undefined ? {} : { session }),
    });
  switch (mode) {
    case "basic":
      return (index) => exchange(index);
    case "interleaved":
      return interleavedTurns(exchange);
    case "check":
      return async (index) => {
        const session = createInterleavedSession();
        const samples: Sample[] = [];
        while (samples.length < SAMPLES) {
          if (samples.length > 0) await sleep(systemClock, SAMPLE_GAP_MS);
          samples.push(await exchange(index, session));
        }
        return samples[checkResultOf(samples).selectedIndex ?? 0];
      };
  }
}

/** One session for each server, whose exchanges follow one another. */
function interleavedTurns(
  exchange: (index: number, session: InterleavedSession) => Promise<Sample>,
): TakeTurn {
  const sessions = new Map<number, { session: InterleavedSession; last: Promise<unknown> }>();
  return async (index) => {
    const own = sessions.get(index) ?? {
      session: createInterleavedSession(),
      last: Promise.resolve(),
    };
    sessions.set(index, own);
    const next = own.last.then(() => exchange(index, own.session));
    own.last = next;
    const sample = await next;
    return sample.reason === undefined && sample.mode === "basic" ? undefined : sample;
  };
}

function addressAt({ addresses }: Targets, index: number): IpAddress {
  const address = addresses[index % addresses.length];
  if (address === undefined) throw new Error("there is no target");
  return address;
}
