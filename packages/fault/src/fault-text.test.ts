import { expect, test } from "vitest";
import { faultText } from "./fault-text.ts";
import type { ServerFault } from "./server-fault.ts";

const FAULT: ServerFault = {
  fault: "server",
  cause: "overload",
  reach: { kind: "server", from: "s0", to: "" },
  symptoms: [],
  witnesses: [{ monitor: "m0", network: "AS1", sees: true, shares: [] }],
  shown: 1,
  reached: 1,
  othersWell: 0,
  others: 0,
};
const symptom = (channel: "offset" | "delay" | "loss", effect: number) => ({ channel, effect });
const NAMES: Readonly<Record<string, string>> = { m0: "zurich" };

const TEXTS: readonly (readonly [string, Partial<ServerFault>])[] = [
  ["the server: it is overloaded", {}],
  ["the server: it answers 5 ms later", { symptoms: [symptom("delay", 5e6)] }],
  ["the server: it loses requests (20 %)", { symptoms: [symptom("loss", 0.2)] }],
  [
    "the server: it answers 5 ms later and loses requests (20 %)",
    { symptoms: [symptom("delay", 5e6), symptom("loss", 0.2)] },
  ],
  ["the server: it announces a leap second that is not due", { cause: "leap_error" }],
  [
    "the path: the way has changed between zurich and it: 5 ms shorter",
    {
      fault: "path",
      cause: "path_change",
      reach: { kind: "pair", from: "m0", to: "s0" },
      symptoms: [symptom("delay", -5e6)],
    },
  ],
  [
    "the path: nothing comes back to all monitors of account Lab, from any server",
    { fault: "path", cause: "outage", reach: { kind: "account", from: "Lab", to: "" } },
  ],
  [
    "our own side: the clock of zurich is off",
    { fault: "monitor", cause: "monitor_clock", reach: { kind: "monitor", from: "m0", to: "" } },
  ],
  [
    "our own side: to all monitors in AS1 its answers are none to be used",
    { fault: "monitor", cause: "unfit", reach: { kind: "network", from: "AS1", to: "" } },
  ],
];

test.each(TEXTS)("%s", (text, fault) => {
  const told = faultText({ ...FAULT, ...fault }, (id) => NAMES[id] ?? id);
  expect(told).toBe(`${text}; its one monitor sees it`);
});
