import { test } from "vitest";
import { startFakeServer } from "../testing/fake-server.ts";
import { launchBrowser } from "./_browser.ts";
import { builtPage } from "./_built-page.ts";
test("shots operations", { timeout: 200_000 }, async () => {
  const webRoot = await builtPage();
  const browser = await launchBrowser();
  const fake = await startFakeServer({ webRoot });
  for (const width of [1280, 390]) for (const colorScheme of ["light", "dark"] as const) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    const page = await context.newPage();
    await page.goto(`${fake.url}/operations`);
    await page.getByRole("region", { name: "Scorers" }).waitFor();
    await page.screenshot({ path: `/tmp/scoring/ops-${width}-${colorScheme}.png`, fullPage: true });
    await context.close();
  }
  await browser.close(); await fake[Symbol.asyncDispose]();
});
