// Every hold in words, with its numbers and the other monitor's name.

import { expect, test } from "vitest";
import type { Hold, MonitorExplanation } from "./explain.ts";
import { explanationText } from "./explanation-text.ts";
import { DWELL_POINTS } from "./value.ts";

const WORDS: readonly {
  readonly hold: Hold;
  readonly more?: Partial<MonitorExplanation>;
  readonly words: RegExp;
}[] = [
  {
    hold: "changing",
    more: { change: { monitorId: 1n, from: "testing", to: "active", reason: "promotion" } },
    words: /^goes from testing to active: promotion to active$/,
  },
  { hold: "changing", words: /^goes from testing to active$/ },
  { hold: "chosen", words: /among the best active monitors, at a cost of 12\.5 points/ },
  { hold: "better_than_none", words: /cannot be used now, but stays/ },
  { hold: "waits_for_budget", words: /^will be active as soon as/ },
  { hold: "global_status", words: /its status in the fleet/ },
  { hold: "network_same_subnet", words: /the server's own network/ },
  { hold: "account", words: /the server's own account/ },
  { hold: "address_unclear", words: /its address cannot be read/ },
  { hold: "silent", words: /not been heard of/ },
  { hold: "unhealthy", words: /much worse than others/ },
  { hold: "paused", words: /is paused for this server/ },
  { hold: "data_gate", more: { resultsNeeded: 32 }, words: /^needs 32 results/ },
  { hold: "network_diversity", more: { otherId: 7n }, words: /in one network with oslo-7/ },
  { hold: "limit", more: { otherId: 7n, accountLimit: 2 }, words: /its 2 monitors .* oslo-7/ },
  { hold: "limit", more: { accountLimit: 2 }, words: /among them another monitor/ },
  { hold: "outranked", words: /^others go before it$/ },
  {
    hold: "outranked",
    more: { otherId: 7n, pointsMissing: 3.2 },
    words: /better by 4 points \(its cost is 12\.5\) to take the place of oslo-7/,
  },
  {
    hold: "outranked",
    more: { otherId: 7n, pointsMissing: DWELL_POINTS },
    words: /^comes after oslo-7 for now/,
  },
  { hold: "scorer", words: /is a scorer/ },
];

test.each(WORDS)("$hold: $words", ({ hold, more, words }) => {
  const explanation: MonitorExplanation = {
    monitorId: 1n,
    status: "testing",
    target: "active",
    costPoints: 12.5,
    hold,
    ...more,
  };
  expect(explanationText(explanation, (id) => `oslo-${id}`)).toMatch(words);
});

test("without names a monitor is called by its number", () => {
  const explanation: MonitorExplanation = {
    monitorId: 1n,
    status: "candidate",
    target: "candidate",
    costPoints: 0,
    hold: "network_diversity",
    otherId: 7n,
  };
  expect(explanationText(explanation)).toMatch(/with monitor 7/);
});
