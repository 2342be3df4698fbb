import { describe, expect, test } from "vitest";
import { cookieValue, sessionCookieHeader } from "./cookie.ts";

test("the cookie is out of reach of scripts and other sites, and outlives the browser", () => {
  const header = sessionCookieHeader({
    name: "truechimer_1a2b3c4d",
    value: "tcs_x",
    secure: false,
  });
  expect(header).toBe(
    "truechimer_1a2b3c4d=tcs_x; Path=/; Max-Age=34560000; HttpOnly; SameSite=Strict",
  );
  expect(sessionCookieHeader({ name: "a", value: "b", secure: true })).toMatch(/; Secure$/);
});

describe("a cookie is found by its whole name", () => {
  test.each([
    { header: "a=1; b=2", name: "b", value: "2" },
    { header: "ab=1; b=2", name: "b", value: "2" },
    { header: "b=first; b=second", name: "b", value: "first" },
    { header: "b=x=y", name: "b", value: "x=y" },
    { header: "=2; b", name: "b", value: undefined },
    { header: undefined, name: "b", value: undefined },
    { header: `b=${"x".repeat(20_000)}`, name: "b", value: undefined },
  ])("$header", ({ header, name, value }) => {
    expect(cookieValue(header, name)).toBe(value);
  });
});
