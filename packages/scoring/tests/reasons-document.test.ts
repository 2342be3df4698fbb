import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isExplicitBad, SAMPLE_REASONS, TRACEROUTE_REASONS } from "@truechimer/ntp";
import { LEGACY_STATUS_REASONS, scoreStep, VERDICT_REASONS } from "@truechimer/scoring";
import { describe, expect, it } from "vitest";

const path = join(import.meta.dirname, "../../../docs/reference/reasons.md");

/** The text of each section, by the code that is its heading. */
const sections: ReadonlyMap<string, string> = new Map(
  readFileSync(path, "utf8")
    .split(/^### /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf("\n")), section] as const),
);

const statusReasons = [...SAMPLE_REASONS, ...LEGACY_STATUS_REASONS];

describe("docs/reference/reasons.md", () => {
  it("has a section for each reason of a sample, a status, a verdict or a traceroute, and for nothing else", () => {
    const codes = new Set<string>([...statusReasons, ...VERDICT_REASONS, ...TRACEROUTE_REASONS]);
    expect([...sections.keys()].toSorted()).toEqual([...codes].toSorted());
  });

  it.each([...new Set([...statusReasons, ...VERDICT_REASONS, ...TRACEROUTE_REASONS])])(
    "tells rule and remedy of %s",
    (code) => {
      expect(sections.get(code)).toMatch(/^- \*\*Rule:\*\* .+$/m);
      expect(sections.get(code)).toMatch(/^- \*\*Remedy:\*\* .+$/m);
    },
  );

  it.each(statusReasons)("tells the step that %s really gets", (reason) => {
    const noResponse = !isExplicitBad(reason) && !["stratum_zero", "other_error"].includes(reason);
    const stratum = /^kiss_|^stratum_zero$/.test(reason) ? 0 : 2;
    const { step, cap, counts } = scoreStep({ noResponse, reason, offsetNs: undefined, stratum });
    const told = /^- \*\*Counts as:\*\* (.+)$/m.exec(sections.get(reason) ?? "")?.[1] ?? "";
    expect(told).toContain(counts ? String(step).replace("-", "−") : "not counted");
    if (cap !== undefined) expect(told).toContain(`at most ${String(cap).replace("-", "−")}`);
  });
});
