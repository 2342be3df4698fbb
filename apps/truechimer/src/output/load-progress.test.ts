import { type Clock, systemRandom } from "@truechimer/base";
import { expect, test } from "vitest";
import { loadBar, loadSentence, tellLoad } from "./load-progress.ts";
import { createProgress } from "./progress.ts";
import { createStyle } from "./style.ts";

type Load = Parameters<typeof loadBar>[0];

function load(parts: Partial<Load>): Load {
  return {
    phase: "filling",
    reason: "",
    errorCode: "",
    sinceMs: 3_000,
    startedMs: 1_000,
    horizonUs: 0,
    rows: 400,
    rowsRestored: 0,
    rowsExpected: 400,
    rowsWanted: 1_000,
    coverage: 1,
    rowsPerSecond: 200,
    etaMs: 2_100,
    missing: [],
    cappedAtUs: undefined,
    ...parts,
  };
}

test("a bar shows the share, the whole and the time that is left", () => {
  expect(loadBar(load({}))).toBe("████████░░░░░░░░░░░░ 40 % of 1,000 results, 3 s left");
  expect(loadBar(load({ rowsWanted: 0, rows: 0, etaMs: undefined }))).toBe(
    "░░░░░░░░░░░░░░░░░░░░ 0 % of 0 results",
  );
});

test("each end has its sentence", () => {
  expect(loadSentence(load({ phase: "complete", rowsRestored: 300 }))).toBe(
    "400 results in memory after 2.0 s, 300 of them from the checkpoint",
  );
  expect(loadSentence(load({ phase: "complete_capped" }))).toContain("memory budget");
  expect(loadSentence(load({ phase: "degraded", reason: "windows_missing" }))).toContain(
    "windows_missing",
  );
  expect(loadSentence(load({ phase: "failed", errorCode: "database_unreachable" }))).toContain(
    "database_unreachable",
  );
});

test.each([
  { terminal: true, asked: undefined, form: "a bar in one line, and lines of others above it" },
  { terminal: false, asked: "human" as const, form: "a line at the end alone" },
  { terminal: false, asked: undefined, form: "an object at the end alone" },
])("the load is told as $form", async ({ terminal, asked }) => {
  const { clock, ring } = createBell();
  const written: string[] = [];
  const progress = createProgress(
    {
      env: {},
      stdout: (text) => void written.push(text),
      stderr: () => undefined,
      stdoutIsTerminal: terminal,
      stderrIsTerminal: terminal,
      style: createStyle(false),
      errorStyle: createStyle(false),
      clock,
      random: systemRandom,
      stopSignal: () => new AbortController().signal,
    },
    asked,
  );
  const loads = [load({ phase: "idle" }), load({}), load({ rows: 700, etaMs: 1_000 })];
  const server = { historyLoad: () => loads.shift() ?? load({ phase: "complete", rows: 1_000 }) };
  const told = tellLoad({ server, progress, clock }, new AbortController().signal);
  await ring();
  progress.say("lab", "runs");
  await ring();
  await ring();
  await told;
  const text = written.join("");
  const end = "1,000 results in memory after 2.0 s";
  expect(text).toContain(end);
  expect(text.includes("40 %")).toBe(terminal);
  expect(text.includes("70 %")).toBe(terminal);
  expect(written.filter((each) => each.includes("\n"))).toHaveLength(2);
  expect(text.endsWith("\n")).toBe(true);
  if (terminal) {
    // What was shown is cleared, the line stands, and it is shown again below.
    const [lab] = written.filter((each) => each.includes("runs"));
    expect(lab).toMatch(/^\r.*lab +runs\n.*40 %/s);
  }
});

/** A clock whose timers ring when they are told to. */
function createBell(): { readonly clock: Clock; readonly ring: () => Promise<void> } {
  const timers = new Set<() => void>();
  return {
    clock: {
      nowNs: () => 0n,
      monotonicNs: () => 0n,
      setTimer: (_delayMs, callback) => {
        timers.add(callback);
        return () => timers.delete(callback);
      },
    },
    ring: async () => {
      const due = [...timers];
      timers.clear();
      for (const callback of due) callback();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
