import { defineConfig } from "vitest/config";

/** Packages resolve to their sources, here and in every process and thread that a test starts. */
const conditions = ["source", "node", "import", "module", "default"];
const fromSource = ["--conditions=source", "--disable-warning=ExperimentalWarning"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["{packages,testing,apps,tools,bench}/**/*.test.{ts,tsx}"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    pool: "forks",
    execArgv: fromSource,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
