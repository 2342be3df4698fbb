import { expect, test } from "vitest";
import { findDifference, hasTools } from "./installed-tree.mjs";

const host = { platform: "linux", arch: "x64" };
const wanted = { version: "1.0.0", integrity: "sha512-a" };

test.each([
  {
    name: "the same packages need no installation",
    locked: { "": {}, "packages/ntp": {}, "node_modules/a": wanted },
    installed: { "node_modules/a": wanted, "node_modules/left-over": wanted },
    difference: undefined,
  },
  {
    name: "a missing package needs one",
    locked: { "node_modules/a": wanted, "node_modules/a/node_modules/@s/b": wanted },
    installed: { "node_modules/a": wanted },
    difference: "@s/b is not installed",
  },
  {
    name: "another version needs one",
    locked: { "node_modules/a": { version: "1.0.1", integrity: "sha512-b" } },
    installed: { "node_modules/a": wanted },
    difference: "a is 1.0.0 and should be 1.0.1",
  },
  {
    name: "other content under the same version needs one",
    locked: { "node_modules/a": { ...wanted, integrity: "sha512-b" } },
    installed: { "node_modules/a": wanted },
    difference: "a is 1.0.0 and should be 1.0.0",
  },
  {
    name: "the packages of other platforms may be absent",
    locked: {
      "node_modules/a-arm": { ...wanted, optional: true, os: "linux", cpu: "arm64" },
      "node_modules/a-win": { ...wanted, optional: true, os: ["win32"], cpu: ["x64"] },
      "node_modules/a-unix": { ...wanted, optional: true, os: ["!linux"] },
      "node_modules/a-musl": {
        ...wanted,
        optional: true,
        os: ["linux"],
        cpu: ["x64"],
        libc: ["musl"],
      },
      "node_modules/wasm-only": { ...wanted, optional: true },
    },
    installed: {},
    difference: undefined,
  },
  {
    name: "the package of this platform may not",
    locked: { "node_modules/a-x64": { ...wanted, optional: true, os: "linux", cpu: "x64" } },
    installed: {},
    difference: "a-x64 is not installed",
  },
])("$name", ({ locked, installed, difference }) => {
  expect(findDifference({ packages: locked }, { packages: installed }, host, "all")).toBe(
    difference,
  );
});

test.each([
  { name: "a tool that is missing", found: undefined },
  { name: "a tool in another version", found: { ...wanted, version: "0.9.0", dev: true } },
])("$name is a difference to who tests, and none to who runs the product", ({ found }) => {
  const locked = {
    packages: { "node_modules/a": wanted, "node_modules/t": { ...wanted, dev: true } },
  };
  const installed = {
    packages: { "node_modules/a": wanted, ...(found && { "node_modules/t": found }) },
  };
  expect(findDifference(locked, installed, host, "product")).toBeUndefined();
  expect(findDifference(locked, installed, host, "all")).toMatch(/^t is/);
});

test("what npm installs for optional peers, too, does not tell that the tools are there", () => {
  const packages = { "node_modules/t": { ...wanted, devOptional: true } };
  expect(hasTools({ packages })).toBe(false);
  expect(hasTools({ packages: { "node_modules/t": { ...wanted, dev: true } } })).toBe(true);
  expect(findDifference({ packages }, { packages: {} }, host, "product")).toBeUndefined();
});
