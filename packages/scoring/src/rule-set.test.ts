import { describe, expect, it } from "vitest";
import { BUILT_IN_RULE_SETS, builtInRuleSet, NTP_POOL_RECENT_MEDIAN } from "./ntp-pool-rules.ts";
import { ruleSetText } from "./rule-set.ts";

describe("rule sets", () => {
  it("are told apart by name and version", () => {
    expect(BUILT_IN_RULE_SETS.map(ruleSetText)).toEqual([
      "ntp_pool_recentmedian/1",
      "ntp_pool_every/1",
    ]);
  });

  it.each(["ntp_pool_recentmedian/1", "ntp_pool_step/1", "recent_median/1", "every/1"])(
    "%s is what results before had",
    (text) => {
      expect(builtInRuleSet(text)).toBe(NTP_POOL_RECENT_MEDIAN);
    },
  );
});
