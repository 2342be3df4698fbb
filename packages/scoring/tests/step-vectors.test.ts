import { readFileSync } from "node:fs";
import { join } from "node:path";
import { scoreStep } from "@truechimer/scoring";
import { describe, expect, it } from "vitest";

interface StepVector {
  readonly name: string;
  readonly status: {
    readonly noResponse: boolean;
    readonly reason: string | null;
    readonly offsetNs: string | null;
    readonly stratum: number;
  };
  readonly step: number;
  readonly cap: number | null;
  readonly rule: string;
}

interface StepTable {
  readonly tolerance: number;
  readonly cases: readonly StepVector[];
}

const table = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../vectors/scoring/step-table.json"), "utf8"),
) as StepTable;

describe("the step table", () => {
  it("has all 48 cases", () => {
    expect(table.cases).toHaveLength(48);
  });

  it.each(table.cases)("$name: step $step", ({ status, step, cap, rule }) => {
    const scored = scoreStep({
      noResponse: status.noResponse,
      reason: status.reason ?? undefined,
      offsetNs: status.offsetNs === null ? undefined : BigInt(status.offsetNs),
      stratum: status.stratum,
    });
    expect(Math.abs(scored.step - step)).toBeLessThanOrEqual(table.tolerance);
    expect(scored.cap ?? null).toBe(cap);
    expect(scored.rule).toBe(rule);
  });
});
