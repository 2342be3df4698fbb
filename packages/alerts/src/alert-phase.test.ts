import { expect, test } from "vitest";
import { nextPhase, type OpenAlert, type Truth } from "./alert-phase.ts";

const SECOND_NS = 1_000_000_000n;
const TIMING = { holdsMs: 30_000, recoversMs: 60_000 };

/** The phase after each look; looks are 10 s apart. */
function phases(truths: readonly Truth[], timing = TIMING): readonly string[] {
  let alert: OpenAlert | "ended" | undefined;
  return truths.map((truth, index) => {
    const before = alert === "ended" ? undefined : alert;
    alert = nextPhase(before, truth, { nowNs: BigInt(index) * 10n * SECOND_NS, ...timing });
    return alert === "ended" ? "ended" : (alert?.phase ?? "none");
  });
}

const many = (truth: Truth, count: number): Truth[] => Array.from({ length: count }, () => truth);

test("an alert fires once its filter has held for long enough", () => {
  expect(phases(many("holds", 5))).toEqual(["pending", "pending", "pending", "firing", "firing"]);
});

test("one that ends before leaves no trace", () => {
  expect(phases(["holds", "holds", "holds_not", "holds"])).toEqual([
    "pending",
    "pending",
    "none",
    "pending",
  ]);
});

test("without a duration it fires and ends at once", () => {
  expect(phases(["holds", "holds_not"], { holdsMs: 0, recoversMs: 0 })).toEqual([
    "firing",
    "ended",
  ]);
});

test("it ends once its filter has surely not held for long enough", () => {
  const looks = phases([...many("holds", 4), ...many("holds_not", 8)]);
  expect(looks.slice(3)).toEqual(["firing", ...times("recovering", 6), "ended", "none"]);
});

test("what flaps has never stopped firing", () => {
  const looks = phases([...many("holds", 4), "holds_not", "holds_not", "holds", "holds_not"]);
  expect(looks.slice(4)).toEqual(["recovering", "recovering", "firing", "recovering"]);
});

test("what is not known neither fires nor ends it", () => {
  expect(phases(many("unknown", 3))).toEqual(["none", "none", "none"]);
  expect(phases(["holds", ...many("unknown", 9)]).at(-1)).toBe("pending");
  expect(phases([...many("holds", 4), ...many("unknown", 20)]).at(-1)).toBe("firing");
  expect(phases([...many("holds", 4), "holds_not", "unknown", "holds_not"]).slice(4)).toEqual([
    "recovering",
    "firing",
    "recovering",
  ]);
});

function times(word: string, count: number): string[] {
  return Array.from({ length: count }, () => word);
}
