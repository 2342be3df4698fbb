// Debian's Prometheus as a test's own: on a port of its own, with data of its own, scraping one address every second.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installedProgram } from "@truechimer/testing-programs";
import { onTestFinished, vi } from "vitest";

export interface PrometheusSample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

export interface Prometheus {
  /** Of an instant query, now. Fails with what Prometheus says of a wrong one. */
  query(expression: string): Promise<readonly PrometheusSample[]>;
}

/** Ended, and its data removed, at the end of the test. */
export async function usePrometheus(scraped: URL): Promise<Prometheus> {
  const directory = await mkdtemp(join(tmpdir(), "truechimer-prometheus-"));
  const config = join(directory, "prometheus.yml");
  await writeFile(
    config,
    `global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs: [{ job_name: truechimer, static_configs: [{ targets: ["${scraped.host}"] }] }]
`,
  );
  const port = await freePort();
  const child = spawn(
    installedProgram("prometheus"),
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=error",
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await exited;
    await rm(directory, { recursive: true });
  });
  const url = `http://127.0.0.1:${port}`;
  const ready = async (): Promise<void> => {
    const { ok } = await fetch(`${url}/-/ready`);
    if (!ok) throw new Error("Prometheus is not ready");
  };
  await vi.waitFor(ready, { timeout: 30_000, interval: 50 });
  return {
    query: async (expression) => {
      const query = new URLSearchParams({ query: expression });
      const answer = await fetch(`${url}/api/v1/query?${query.toString()}`);
      const told = (await answer.json()) as {
        readonly error?: string;
        readonly data?: { readonly result: readonly PrometheusSample[] };
      };
      if (told.data === undefined) throw new Error(`${expression}: ${told.error}`);
      return told.data.result;
    },
  };
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as { readonly port: number };
  listener.close();
  await once(listener, "close");
  return port;
}
