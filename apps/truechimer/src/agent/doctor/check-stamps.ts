// Who takes the time stamps of probes on this host, and what that means for a measurement.

import type { AppError, Clock, Random } from "@truechimer/base";
import { createProbeSocket, type ProbeSocket } from "@truechimer/udp";
import { type DoctorFinding, findingsOf } from "../../doctor/finding.ts";

export interface StampsCheck {
  /** To probe with; not owned. */
  readonly probeSocket: ProbeSocket;
  readonly finding: DoctorFinding;
}

export interface StampsCheckOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Default: this host's best. */
  readonly openSocket?: typeof createProbeSocket;
}

const { ok, warning } = findingsOf("time stamps");

export async function checkStamps(options: StampsCheckOptions): Promise<StampsCheck> {
  const { clock, random, openSocket = createProbeSocket } = options;
  let fallback: AppError | undefined;
  const probeSocket = await openSocket({
    clock,
    random,
    onFallback: (reason) => {
      fallback = reason;
    },
  });
  const finding =
    fallback === undefined
      ? ok("the kernel's, on both ways: this host adds about 1 µs to a measurement")
      : warning(
          `taken by this program, so that a measurement is good to some 100 µs and not to 1 µs: ${fallback.message}`,
          "use Linux on x64 or arm64, and keep the folder native/ beside the program",
        );
  return { probeSocket, finding };
}
