import { describe, expect, test } from "vitest";
import { parseEnvironment } from "./environment.ts";

describe("the environment", () => {
  test.each([
    ["prod", "prod"],
    ["test", "test"],
    ["beta", "test"],
    ["devel", "devel"],
    ["dev", "devel"],
  ] as const)("%s is %s", (text, environment) => {
    expect(parseEnvironment(text)).toEqual({ ok: true, value: environment });
  });

  test.each(["", "production", "..", " prod"])("%j is none", (text) => {
    expect(parseEnvironment(text)).toMatchObject({
      ok: false,
      error: expect.stringContaining("expected prod"),
    });
  });
});
