import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BUILT_IN_RULE_DOCUMENTS, NTP_POOL_RECENT_MEDIAN } from "./ntp-pool-rules.ts";
import { parseRuleSet } from "./parse-rule-set.ts";
import { ruleProblemText } from "./rule-fields.ts";
import { scoreStep } from "./score-step.ts";

type Document = Record<string, unknown>;
type Rows = Record<string, unknown>[];

/** A copy of the NTP Pool's document, changed. */
function changed(change: (document: Document, steps: Rows) => void): Document {
  const document = structuredClone(BUILT_IN_RULE_DOCUMENTS[0]) as Document;
  change(document, document["steps"] as Rows);
  return document;
}

function problemsOf(document: unknown): readonly string[] {
  const parsed = parseRuleSet(document);
  return parsed.ok ? [] : parsed.error.map(ruleProblemText);
}

const row = (steps: Rows, rule: string): Record<string, unknown> =>
  steps.find((each) => each["rule"] === rule) ?? {};

/** Sets the whole of it. */
function inVerdict(verdict: Document): (document: Document) => void {
  return (document) => {
    document["verdict"] = verdict;
  };
}

describe("parseRuleSet", () => {
  it("reads what is built in", () => {
    expect(BUILT_IN_RULE_DOCUMENTS.map(problemsOf)).toEqual([[], []]);
  });

  it("reads a set that decides by other numbers", () => {
    const parsed = parseRuleSet(
      changed((document, steps) => {
        document["name"] = "strict";
        row(steps, "offset_above_25ms")["when"] = { offset_above: "1ms" };
        document["verdict"] = { offset_limit: "5ms", witnesses_min: 2 };
      }),
    );
    expect(parsed.ok && scoreStep(status(2_000_000n), parsed.value)).toMatchObject({
      rule: "offset_above_25ms",
      step: 1,
    });
    expect(parsed.ok && parsed.value.verdict).toEqual({
      offsetLimitNs: 5_000_000n,
      witnessesMin: 2,
    });
    expect(scoreStep(status(2_000_000n), NTP_POOL_RECENT_MEDIAN).rule).toBe("offset_good");
  });

  it.each<[string, (document: Document, steps: Rows) => void]>([
    [
      "verdict.fresh_intervals: 2.5: expected a whole number from 2 to 20",
      inVerdict({ fresh_intervals: 2.5 }),
    ],
    ['verdict.offset_limit: "2h": expected a duration', inVerdict({ offset_limit: "2h" })],
    ["verdict.offset_limit: 25: expected a duration", inVerdict({ offset_limit: 25 })],
    ["there is no such key", inVerdict({ offset: "25ms" })],
    ["recent_median: 7: expected a list", (document) => void (document["recent_median"] = 7)],
    [
      "recent_median: 0 items: expected a list",
      (document) => void (document["recent_median"] = []),
    ],
    [
      '"every" is what an overall score is called by',
      (_document, steps) => void (row(steps, "offset_good")["rule"] = "every"),
    ],
    [
      "a row that does not count has no step",
      (_document, steps) =>
        void Object.assign(row(steps, "offset_good"), { counts: false, step: 1 }),
    ],
    [
      'a step that goes by the offset needs one: expected "offset_above"',
      (_document, steps) => void (row(steps, "offset_good")["step_per_second"] = -1),
    ],
    [
      "…: expected a sentence",
      (_document, steps) => void (row(steps, "offset_good")["text"] = "x".repeat(2_000)),
    ],
  ])("refuses, among others: %s", (problem, change) => {
    expect(problemsOf(changed(change)).join("\n")).toContain(problem);
  });

  it("takes how many intervals a witness is fresh", () => {
    const parsed = parseRuleSet(changed(inVerdict({ fresh_intervals: 4 })));
    expect(parsed.ok && parsed.value.verdict).toEqual({ freshIntervals: 4 });
  });

  it.each<[string, (document: Document, steps: Rows) => void]>([
    [
      "steps: the table has a hole: no row decides a check without a reason, stratum 2 and an offset of 0 ns: expected a last row without conditions, or one for it",
      (_document, steps) => steps.pop(),
    ],
    [
      "steps: the table has a hole: no row decides a check with timeout, stratum 2 and an offset of 0 ns: expected a last row without conditions, or one for it",
      (_document, steps) => {
        row(steps, "failed")["when"] = { failed: true, stratum_max: 0 };
        row(steps, "offset_good")["when"] = { reasons: ["none"] };
        row(steps, "no_response")["when"] = { no_response: true, reasons: ["timeout", "none"] };
      },
    ],
    [
      "steps[13]: row again is never reached: rows before it decide all that it asks for; expected it further up, or not at all",
      (_document, steps) => {
        steps.splice(
          12,
          0,
          { rule: "then", step: 1 },
          { rule: "again", when: { offset_above: "1s" }, step: 1 },
        );
        steps.splice(11, 1);
        steps.unshift(steps.shift() ?? {});
        steps.splice(11, 0, { rule: "stratum_five", when: { stratum_min: 5 }, step: 0 });
      },
    ],
    [
      'steps[0]: by row no_response an agent\'s own fault (clock_stepped) would count against the server: expected a row with "agent_fault" and "counts": false before it',
      (_document, steps) => steps.shift(),
    ],
    [
      "decay: 1: expected a number between 0 and 1, neither of them",
      (document) => (document["decay"] = 1),
    ],
    [
      "decay: NaN: expected a number between 0 and 1, neither of them",
      (document) => (document["decay"] = Number.NaN),
    ],
    [
      "decay: nothing: expected a number between 0 and 1, neither of them",
      (document) => delete document["decay"],
    ],
    [
      'name: "NTP Pool": expected 1 to 40 small letters, digits and _, a letter first',
      (document) => (document["name"] = "NTP Pool"),
    ],
    [
      "version: 1.5: expected a whole number from 1 to 1000000",
      (document) => (document["version"] = 1.5),
    ],
    [
      "steps[11].step: NaN: expected a number from -100 to 100",
      (_document, steps) => (row(steps, "offset_good")["step"] = Number.NaN),
    ],
    [
      "steps[3].cap: null: expected a number from -1000 to 1000",
      (_document, steps) => (row(steps, "access_denied")["cap"] = null),
    ],
    [
      'steps[6].when.offset_above: 3: expected a duration with its unit from "1ms" to "24h", such as "25ms"',
      (_document, steps) => (row(steps, "offset_above_3s")["when"] = { offset_above: 3 }),
    ],
    [
      "steps[6].when.offset: there is no such key: expected one of agent_fault, no_response, failed, reasons, stratum_min, stratum_max, offset_above",
      (_document, steps) =>
        (row(steps, "offset_above_3s")["when"] = { offset_above: "3s", offset: 3 }),
    ],
    [
      "steps[11].rule: a row before it is called failed as well: expected another name",
      (_document, steps) => (row(steps, "offset_good")["rule"] = "failed"),
    ],
    [
      "recent_median[1]: it is never reached: recent_median[0] has found all that it looks for; expected more statuses, or to look back further",
      (document) =>
        (document["recent_median"] = [
          { statuses: ["active", "testing"], lookback: "1h" },
          { statuses: ["testing"], lookback: "30m" },
        ]),
    ],
    [
      "recent_median: 0 items: expected a list of 1 to 5 items",
      (document) => (document["recent_median"] = []),
    ],
    [
      "verdict.witnesses_min: 0: expected a whole number from 1 to 100",
      (document) => (document["verdict"] = { witnesses_min: 0 }),
    ],
    [
      'overall: "mean": expected one of recent_median, every',
      (document) => (document["overall"] = "mean"),
    ],
    [
      "every: nothing is not an object: expected one in { }",
      (document) => delete document["every"],
    ],
    [
      "fresh: there is no such key: expected one of name, version, about, decay, steps, overall, recent_median, every, verdict",
      (document) => (document["fresh"] = 3),
    ],
  ])("says %s", (text, change) => {
    expect(problemsOf(changed(change))).toContain(text);
  });

  it("tells every problem of a document at once", () => {
    const problems = problemsOf(
      changed((document) => {
        document["decay"] = 2;
        document["version"] = 0;
      }),
    );
    expect(problems).toHaveLength(2);
  });

  it.each([null, 1, "{}", [], undefined])("refuses %j", (document) => {
    expect(problemsOf(document)[0]).toMatch(/is not an object/);
  });

  it("never throws, and what it takes decides every status", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(11), { maxLength: 11 }),
        fc.bigInt({ min: -5_000_000_000n, max: 5_000_000_000n }),
        fc.nat(255),
        fc.constantFrom(undefined, "kiss_rate", "timeout", "bad_stratum", "clock_stepped"),
        (left, offsetNs, stratum, reason) => {
          const parsed = parseRuleSet(
            changed((document, steps) => {
              document["steps"] = steps.filter((_row, index) => !left.includes(index));
            }),
          );
          if (!parsed.ok) return;
          const noResponse = reason === "timeout";
          expect(() =>
            scoreStep({ noResponse, reason, offsetNs, stratum }, parsed.value),
          ).not.toThrow();
        },
      ),
    );
    fc.assert(fc.property(fc.jsonValue(), (document) => void parseRuleSet(document)));
  });
});

function status(offsetNs: bigint) {
  return { noResponse: false, reason: undefined, offsetNs, stratum: 2 };
}
