import { AppError, systemClock, systemRandom } from "@truechimer/base";
import { createProbeSocket, type ProbeSocketOptions } from "@truechimer/udp";
import { expect, test } from "vitest";
import { checkStamps } from "./check-stamps.ts";

const TOOLS = { clock: systemClock, random: systemRandom };

/** As on a host without the kernel's stamps. */
async function openWithoutKernel(options: ProbeSocketOptions) {
  options.onFallback?.(
    new AppError("kernel_timestamps_unavailable", "this platform has no SO_TIMESTAMPING"),
  );
  return createProbeSocket({ ...options, timestamps: "user_space" });
}

test("stamps of this program are a warning that says what they cost, and why", async () => {
  const { finding, probeSocket } = await checkStamps({ ...TOOLS, openSocket: openWithoutKernel });
  await probeSocket[Symbol.asyncDispose]();
  expect(finding).toMatchObject({ what: "time stamps", health: "warning" });
  expect(finding.found).toMatch(/good to some 100 µs and not to 1 µs: this platform has no SO_/);
  expect(finding.remedy).toMatch(/use Linux/);
});

test("this host's own stamps are told as what they are", async () => {
  const { finding, probeSocket } = await checkStamps(TOOLS);
  await probeSocket[Symbol.asyncDispose]();
  const kernel = probeSocket.timestampSource === "kernel";
  expect(finding.health).toBe(kernel ? "ok" : "warning");
  expect(finding.found).toMatch(kernel ? /^the kernel's, on both ways/ : /^taken by this program/);
});
