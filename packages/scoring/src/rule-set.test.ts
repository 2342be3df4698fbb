import { describe, expect, it } from "vitest";
import {
  EVERY_RULE_SET,
  RECENT_MEDIAN_RULE_SET,
  ruleSetText,
  STEP_RULE_SET,
  VERDICT_RULE_SET,
} from "./rule-set.ts";

describe("rule sets", () => {
  it("are told apart by name and version", () => {
    const texts = [STEP_RULE_SET, RECENT_MEDIAN_RULE_SET, EVERY_RULE_SET, VERDICT_RULE_SET].map(
      ruleSetText,
    );
    expect(texts).toEqual(["ntp_pool_step/1", "recent_median/1", "every/1", "verdict/1"]);
  });
});
