import { expect, test } from "vitest";
import { preparedName } from "./prepared.ts";

test.each([
  { text: "/* prepared: lock_monitors */ select 1", name: "lock_monitors" },
  { text: "\n    /* prepared: a */ select 1", name: "a" },
  { text: "select 1 /* prepared: a */", name: undefined },
  { text: "/* prepared: two words */ select 1", name: undefined },
  { text: "/* prepared:  */ select 1", name: undefined },
])("$text: $name", ({ text, name }) => {
  expect(preparedName(text)).toBe(name);
});
