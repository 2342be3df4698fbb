import { describe, expect, test } from "vitest";
import { claimTexts, nameOf, roleOf } from "./oidc-claims.ts";

const roles = new Map([
  ["staff", "viewer"],
  ["clocks", "operator"],
  ["root", "admin"],
] as const);

describe("a role", () => {
  test.each([
    { given: { groups: "staff" }, role: "viewer" },
    { given: { groups: ["staff", "root", "clocks"] }, role: "admin" },
    { given: { groups: ["cooks", "clocks"] }, role: "operator" },
    { given: { groups: ["cooks", 7, null, ""] }, role: undefined },
    { given: { groups: { staff: true } }, role: undefined },
    { given: {}, role: undefined },
  ])("of $given is $role", ({ given, role }) => {
    expect(roleOf(given, { roleClaim: "groups", roles })).toBe(role);
  });

  test("is no property that every object has", () => {
    expect(
      roleOf({}, { roleClaim: "constructor.name", roles: new Map([["Object", "admin"]]) }),
    ).toBe(undefined);
  });
});

test("a claim within another is named with dots, and one whose own name has dots is found first", () => {
  expect(claimTexts({ realm_access: { roles: ["a", "b"] } }, "realm_access.roles")).toEqual([
    "a",
    "b",
  ]);
  const named = { "https://example.net/roles": ["c"], https: "d" };
  expect(claimTexts(named, "https://example.net/roles")).toEqual(["c"]);
  expect(claimTexts({ a: "text" }, "a.length")).toEqual([]);
});

test("a new user is called by the claim, the e-mail address, or the subject", () => {
  const of = { nameClaim: "preferred_username" };
  expect(nameOf({ sub: "1", email: "a@example.net", preferred_username: "ada" }, of)).toBe("ada");
  expect(nameOf({ sub: "1", email: "a@example.net", preferred_username: "" }, of)).toBe(
    "a@example.net",
  );
  expect(nameOf({ sub: "1" }, of)).toBe("1");
});
