import { describe, expect, test } from "vitest";
import { onsetOf, type SeenFault } from "./onsets.ts";

function fault(
  cause: SeenFault["cause"],
  seers: readonly string[],
  others: readonly string[] = [],
): SeenFault {
  const witness = (monitor: string, sees: boolean): SeenFault["witnesses"][number] => ({
    monitor,
    network: monitor.slice(0, 1),
    sees,
  });
  return {
    cause,
    reach: { kind: "part", from: "AS1", to: "7" },
    witnesses: [
      ...seers.map((each) => witness(each, true)),
      ...others.map((each) => witness(each, false)),
    ],
  };
}

describe("the beginning of trouble", () => {
  test("is told of those who begin to see it, and of those who do not, of other networks first", () => {
    expect(onsetOf("7", [], [fault("outage", ["a1", "b1"], ["a2", "c1"])])).toEqual({
      serverId: "7",
      cause: "part AS1",
      seeing: ["a1", "b1"],
      well: ["c1", "a2"],
    });
  });

  test("is over once it is known, begins again for another monitor, and anew after it has ended", () => {
    const known = [fault("outage", ["a1"], ["b1"])];
    expect(onsetOf("7", known, known)).toBeUndefined();
    expect(onsetOf("7", known, [fault("loss", ["a1", "b1"])])?.seeing).toEqual(["b1"]);
    expect(onsetOf("7", known, [])).toBeUndefined();
    expect(onsetOf("7", [], known)?.seeing).toEqual(["a1"]);
  });

  test("is none of what no router can do", () => {
    expect(onsetOf("7", [], [fault("clock_step", ["a1"]), fault("rate_limiting", ["a1"])])).toBe(
      undefined,
    );
    const both = [fault("clock_step", ["a1", "b1"]), fault("path_change", ["c1"], ["d1", "a1"])];
    expect(onsetOf("7", [], both)).toMatchObject({ seeing: ["c1"], well: ["d1", "a1"] });
  });
});
