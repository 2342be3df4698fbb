import fc from "fast-check";
import { expect, test } from "vitest";
import { batchProblem, withBatch } from "./counted-batches.ts";

const batchIds = fc.uniqueArray(fc.stringMatching(/^01[0-9A-HJKMNP-TV-Z]{24}$/), {
  minLength: 1,
  maxLength: 30,
});

test("in any order of arrival no batch counts twice, and none is refused that is among the newest", () => {
  fc.assert(
    fc.property(batchIds, fc.array(fc.nat(), { maxLength: 60 }), (ids, arrivals) => {
      const counted = new Set<string>();
      let state = "";
      for (const arrival of arrivals) {
        const id = ids[arrival % ids.length] ?? "";
        const problem = batchProblem(state, id);
        if (counted.has(id)) expect(problem).toBeDefined();
        const newer = [...counted].filter((other) => other > id).length;
        if (!counted.has(id) && newer < 8) expect(problem).toBeUndefined();
        if (problem !== undefined) continue;
        counted.add(id);
        state = withBatch(state, id);
      }
      expect(state.split(" ").length).toBeLessThanOrEqual(8);
    }),
  );
});
