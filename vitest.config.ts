import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Packages resolve to their sources, here and in every process and thread that a test starts. Nothing else may stand in
 * this list: Vitest hands it on to Node, and with "import" in it a `require` gets the ES module of a package that has both.
 */
const conditions = ["source"];
const fromSource = ["--conditions=source", "--disable-warning=ExperimentalWarning"];

const compiledByTests = fileURLToPath(
  new URL("node_modules/.cache/compiled-by-tests", import.meta.url),
);

/** What starts programs, databases and browsers first: a long file that comes last would be waited for alone. */
class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // Not an array's: it sorts a copy.
    // oxlint-disable-next-line unicorn/no-array-sort
    const sorted = await super.sort(files);
    const startsPrograms = ({ moduleId }: TestSpecification): boolean =>
      moduleId.includes("/tests/");
    const [long, short] = [
      sorted.filter(startsPrograms),
      sorted.filter((file) => !startsPrograms(file)),
    ];
    return [...long, ...short];
  }
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["{packages,testing,apps,tools,bench}/**/*.test.{ts,tsx}"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    // Starts a PostgreSQL when the first test file asks for one, and ends it after the last.
    globalSetup: ["./testing/postgres/src/vitest-global-setup.ts"],
    pool: "forks",
    sequence: { sequencer: LongFilesFirst },
    execArgv: fromSource,
    // A process goes through one file after the other: for most, its start and their imports took longer than their tests.
    isolate: false,
    // Of processes and threads that tests start: modules that one has compiled, the next takes from there.
    env: { TRUECHIMER_TESTS_COMPILED: compiledByTests },
    setupFiles: ["./testing/programs/src/vitest-setup.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // On a crowded machine a page or a server may need long for what takes it milliseconds otherwise.
    expect: { poll: { timeout: 20_000 } },
    // Off unless asked for; `npm run coverage` holds the result against the floors of tools/coverage.
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.{ts,tsx}", "apps/*/src/**/*.{ts,tsx}"],
      exclude: ["**/*.test.{ts,tsx}", "**/_*.ts", "**/gen/**"],
      reporter: ["json-summary"],
      reportsDirectory: "coverage",
      reportOnFailure: true,
    },
  },
});
