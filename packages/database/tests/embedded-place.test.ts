import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { initCluster } from "../src/embedded/init-cluster.ts";
import { choosePlace } from "../src/embedded/place.ts";
import { findPlatformBinaries, nativeDir } from "../src/embedded/platform-binaries.ts";

const isRoot = process.getuid?.() === 0;
const binaries = findPlatformBinaries();
const silent = (): void => undefined;

/** With a space in its name; everybody may enter. */
function useDirectory(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "place of postgres ")));
  chmodSync(directory, 0o755);
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const credentials = { password: "secret", durable: false };

test("where the directory can be used, it is, with the binaries where npm put them", async () => {
  const preferredDir = join(useDirectory(), "deep", "down");
  const place = await choosePlace({ preferredDir, say: silent, binaries });
  expect(place.directory).toBe(preferredDir);
  expect(place.binDir).toBe(join(nativeDir(binaries.packageDir), "bin"));
  expect(place.account === undefined).toBe(!isRoot);
});

describe.runIf(isRoot)("as root", () => {
  test("PostgreSQL runs under another account, which owns the data", async () => {
    const preferredDir = join(useDirectory(), "db");
    const place = await choosePlace({ preferredDir, say: silent, binaries });
    expect(place.account?.uid).toBeGreaterThan(0);
    await initCluster(place, credentials);
    expect(statSync(place.dataDir).uid).toBe(place.account?.uid);
  });

  test("what its account cannot reach is put elsewhere, and it says where", async () => {
    const home = useDirectory();
    chmodSync(home, 0o700);
    const preferredDir = join(home, "clone", "db");
    const system = join(useDirectory(), "system");
    // The programs lie in the clone too, without the links of an install script.
    const packageDir = join(home, "clone", "package");
    cpSync(nativeDir(binaries.packageDir), nativeDir(packageDir), {
      recursive: true,
      verbatimSymlinks: true,
    });
    rmSync(join(nativeDir(packageDir), "lib", "libpq.so.5"), { force: true });
    // As npm unpacks under a umask of 077.
    execFileSync("chmod", ["-R", "go-rwx", packageDir]);
    const said: string[] = [];
    const options = {
      preferredDir,
      say: (text: string) => said.push(text),
      binaries: { packageDir, name: "programs", version: "1.2.3" },
      systemDirectories: [system],
    };

    const place = await choosePlace(options);
    expect(place.directory.startsWith(`${system}/`)).toBe(true);
    expect(place.binDir).toBe(join(system, "postgresql-1.2.3", "native", "bin"));
    expect(said).toEqual([
      expect.stringContaining(`its data are in ${place.directory}`),
      expect.stringContaining(
        `copying PostgreSQL's programs to ${join(system, "postgresql-1.2.3")}`,
      ),
    ]);
    expect(readFileSync(join(place.directory, "made-for.txt"), "utf8")).toBe(`${preferredDir}\n`);
    await initCluster(place, credentials);

    // The same place the next time, also when the home has been opened since: the data are there.
    chmodSync(home, 0o755);
    expect(await choosePlace(options)).toMatchObject({ directory: place.directory });
  });

  test("a system directory that another user has prepared is not trusted", async () => {
    const home = useDirectory();
    chmodSync(home, 0o700);
    const trap = join(useDirectory(), "trap");
    mkdirSync(trap);
    chmodSync(trap, 0o777);
    const system = join(useDirectory(), "system");
    const place = await choosePlace({
      preferredDir: join(home, "db"),
      say: silent,
      binaries,
      systemDirectories: [trap, system],
    });
    expect(place.directory.startsWith(`${system}/`)).toBe(true);
    expect(existsSync(join(trap, "lock"))).toBe(false);
  });

  test("a database that is there already is never left behind for a new one", async () => {
    const home = useDirectory();
    const preferredDir = join(home, "db");
    await initCluster(await choosePlace({ preferredDir, say: silent, binaries }), credentials);
    chmodSync(home, 0o700);
    await expect(choosePlace({ preferredDir, say: silent, binaries })).rejects.toMatchObject({
      code: "directory_unwritable",
      message: expect.stringMatching(/let that account enter the directories above it/) as string,
    });
  });
});
