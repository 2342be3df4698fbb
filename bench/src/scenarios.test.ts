import { expect, test } from "vitest";
import { PART_OPTIONS, partsText, refuseUnknownParts, type Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";

const NOTHING = {
  condition: undefined,
  size: undefined,
  path: undefined,
  stamps: undefined,
  mode: undefined,
};

const options = SCENARIOS.flatMap((scenario) =>
  [true, false].flatMap((quick) =>
    PART_OPTIONS.map((option) => ({ scenario, name: scenario.name, quick, option })),
  ),
);

test.each(options)(
  "$name (quick: $quick) refuses an unknown --$option, and takes its own",
  ({ scenario, quick, option }) => {
    const choose = (value: string) => (): void =>
      refuseUnknownParts(scenario, { ...NOTHING, quick, [option]: value });
    const there = scenario.parts({ quick })[option];
    expect(choose("nothing-like-it")).toThrow(
      there === undefined
        ? `${scenario.name} has no --${option}`
        : `${scenario.name} has no --${option} "nothing-like-it": expected ${partsText(there)}`,
    );
    for (const value of there === "rows" ? ["20000"] : (there ?? []))
      expect(choose(value)).not.toThrow();
  },
);

test("a number of rows is whole and above 0", () => {
  const scenario: Pick<Scenario, "name" | "parts"> = {
    name: "one",
    parts: () => ({ size: "rows" }),
  };
  for (const size of ["0", "1e6", "-1", "2.5", ""])
    expect(() => refuseUnknownParts(scenario, { ...NOTHING, quick: false, size })).toThrow(
      `one has no --size "${size}": expected a number of rows`,
    );
});

test("without a choice everything is run", () => {
  for (const scenario of SCENARIOS)
    expect(() => refuseUnknownParts(scenario, { ...NOTHING, quick: false })).not.toThrow();
});
