import { unsafelyDeterministicRandom } from "@truechimer/base";
import { describe, expect, test } from "vitest";
import { type Choice, chooseMonitors, type MonitorCandidate } from "./choose-monitors.ts";

const choice: Choice = { kind: "ntp", port: 123, max: 10, brokerUsed: true };

function candidate(id: number, more: Partial<MonitorCandidate> = {}): MonitorCandidate {
  return { id: BigInt(id), transport: "stream", version: "", assignment: undefined, ...more };
}

function chosen(
  candidates: readonly MonitorCandidate[],
  more: Partial<Choice> = {},
  seed = 1,
): string[] {
  const made = chooseMonitors(
    candidates,
    { ...choice, ...more },
    unsafelyDeterministicRandom(seed),
  );
  return made.map(({ id, transport }) => `${id} ${transport}`);
}

describe("who is asked", () => {
  test("those whose word counts go before those that do not watch the server", () => {
    const all = [
      candidate(1),
      candidate(2, { assignment: "testing" }),
      candidate(3, { assignment: "active" }),
      candidate(4, { assignment: "candidate" }),
    ];
    expect(chosen(all)).toEqual(["3 stream", "2 stream", "4 stream", "1 stream"]);
    expect(chosen(all, { max: 2 })).toEqual(["3 stream", "2 stream"]);
  });

  test("among equals chance decides", () => {
    const equals = Array.from({ length: 20 }, (_, index) => candidate(index));
    const draws = [1, 2, 3, 4].map((seed) => chosen(equals, { max: 5 }, seed).join());
    expect(new Set(draws).size).toBe(4);
  });

  test("a monitor that is there by both is asked once, by its stream", () => {
    const mqtt = candidate(1, { transport: "mqtt", version: "v4.1.5" });
    expect(chosen([mqtt, candidate(1)])).toEqual(["1 stream"]);
    expect(chosen([candidate(1), mqtt])).toEqual(["1 stream"]);
  });

  test.each([
    { name: "a version that answers", version: "v4.1.5", more: {}, asked: true },
    { name: "an older one", version: "v4.0.3", more: {}, asked: false },
    { name: "another port", version: "v4.1.5", more: { port: 1123 }, asked: false },
    {
      name: "a traceroute",
      version: "v4.1.5",
      more: { kind: "traceroute" } as const,
      asked: false,
    },
    { name: "no broker", version: "v4.1.5", more: { brokerUsed: false }, asked: false },
  ])("by the broker, $name: $asked", ({ version, more, asked }) => {
    const one = candidate(1, { transport: "mqtt", version });
    expect(chosen([one], more)).toEqual(asked ? ["1 mqtt"] : []);
  });
});
