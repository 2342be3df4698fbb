import { expect, test } from "vitest";
import { type IngestFacts, type IngestState, ingestState } from "./ingest-state.ts";

const LIMIT_MS = 60_000;
const GOOD: IngestFacts = {
  receivedSecondsAgo: 1,
  storedSecondsAgo: 1,
  isExpected: true,
  upSeconds: 1_000,
};

const CASES: readonly {
  readonly name: string;
  readonly facts: Partial<IngestFacts>;
  readonly state: IngestState;
}[] = [
  { name: "results that are stored flow", facts: {}, state: "flowing" },
  {
    name: "so they do while nobody is heard of for a moment",
    facts: { receivedSecondsAgo: 500 },
    state: "flowing",
  },
  {
    name: "agents that ask and whose results are not stored are stalled",
    facts: { storedSecondsAgo: 61 },
    state: "stalled",
  },
  {
    name: "so they are when none was ever stored",
    facts: { storedSecondsAgo: null },
    state: "stalled",
  },
  {
    name: "a fleet that is not heard of is silent",
    facts: { storedSecondsAgo: 61, receivedSecondsAgo: 61 },
    state: "silent",
  },
  {
    name: "so is one that never was",
    facts: { storedSecondsAgo: null, receivedSecondsAgo: null },
    state: "silent",
  },
  {
    name: "without anybody who should send, silence is idle",
    facts: { storedSecondsAgo: null, isExpected: false },
    state: "idle",
  },
  {
    name: "shortly after the start silence says nothing yet",
    facts: { storedSecondsAgo: null, upSeconds: 59 },
    state: "idle",
  },
];

test.each(CASES)("$name", ({ facts, state }) => {
  expect(ingestState({ ...GOOD, ...facts }, LIMIT_MS)).toBe(state);
});
