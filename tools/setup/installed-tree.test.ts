import { expect, test } from "vitest";
import { findDifference } from "./installed-tree.mjs";

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
  expect(findDifference({ packages: locked }, { packages: installed }, host)).toBe(difference);
});
