import { describe, expect, it } from "vitest";
import { reasonText } from "./reason-text.ts";
import { SAMPLE_REASONS } from "./sample-reason.ts";

describe("reasonText", () => {
  it.each(SAMPLE_REASONS)("%s is one clause, lower case, without a full stop", (reason) => {
    expect(reasonText(reason)).toMatch(/^[a-z].*[^.]$/);
  });

  it("is another one for each reason", () => {
    expect(new Set(SAMPLE_REASONS.map(reasonText)).size).toBe(SAMPLE_REASONS.length);
  });
});
