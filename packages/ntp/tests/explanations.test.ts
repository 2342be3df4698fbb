// The pages that explain the measurement say what the code does.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { responseRules } from "../src/judge-exchange.ts";
import { answerTimes, measurementOf } from "../src/measurement.ts";
import { ntpTimestampFromUnixNs } from "../src/ntp-timestamp.ts";

function read(name: string): string {
  return readFileSync(join(import.meta.dirname, "../../../docs/explanation", name), "utf8");
}

describe("docs/explanation/packet-rules.md", () => {
  it("has every rule of the ladder, in its order, with its source", () => {
    const told = [...read("packet-rules.md").matchAll(/^\| (.+) \| \[`(\w+)`\].* \| (.+) \|$/gm)];
    expect(told.map(([, title, code, source]) => ({ code, title, source }))).toEqual(
      responseRules.map(({ code, title, source }) => ({ code, title, source })),
    );
  });
});

describe("docs/explanation/error-bound.md", () => {
  const text = read("error-bound.md");
  const startNs = 1_800_000_000_000_000_000n;
  const measured = (t2Ms: number, t3Ms: number, clockStepNs = 0n) => {
    const at = (ms: number): bigint => startNs + BigInt(Math.round(ms * 1e6));
    return measurementOf(
      answerTimes({
        t1: { atNs: at(0), source: "kernel" },
        receiveTimestamp: ntpTimestampFromUnixNs(at(t2Ms)),
        transmitTimestamp: ntpTimestampFromUnixNs(at(t3Ms)),
        t4: { atNs: at(4.1), source: "kernel" },
        precisionLog2: -23,
        clockStepNs,
      }),
    );
  };

  it("has the example as it comes out", () => {
    const { offsetNs, delayNs, boundNs, boundParts } = measured(3.5, 3.6);
    expect({ offsetNs, delayNs }).toEqual({ offsetNs: 1_500_000n, delayNs: 4_000_000n });
    for (const { name, valueNs } of [...boundParts, { name: "bound", valueNs: boundNs }]) {
      const label = name === "bound" ? name : `\`${name}\``;
      expect(text).toContain(`| ${label} | ${valueNs.toLocaleString("en-US")} ns |`);
    }
  });

  it("says rightly what the same server would show over a lopsided path", () => {
    const { offsetNs, boundNs } = measured(4.5, 4.6);
    expect(offsetNs).toBe(2_500_000n);
    expect(offsetNs - 1_500_000n).toBeLessThan(boundNs);
  });

  it("explains every part", () => {
    for (const { name } of measured(3.5, 3.6, 1n).boundParts) {
      expect(text).toMatch(new RegExp(`^\\| \`${name}\` \\| .+ \\| .+ \\|$`, "m"));
    }
  });
});
