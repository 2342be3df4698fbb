// Debian's Prometheus Alertmanager as a test's own: on a port of its own, telling one receiver at once.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installedProgram } from "@truechimer/testing-programs";
import { vi } from "vitest";

export interface HeldAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly updatedAt: string;
}

export interface Alertmanager extends AsyncDisposable {
  readonly url: string;
  /** Alerts that go on, as its own page has them. */
  alerts(): Promise<readonly HeldAlert[]>;
  /** Ends it; it forgets its alerts, as it always does. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** `receiverUrl` is told of what begins and what is over. */
export async function startAlertmanager(receiverUrl: string): Promise<Alertmanager> {
  const directory = await mkdtemp(join(tmpdir(), "truechimer-alertmanager-"));
  const config = join(directory, "alertmanager.yml");
  await writeFile(
    config,
    `route: { receiver: test, group_by: ["..."], group_wait: 0s, group_interval: 1s, repeat_interval: 24h }
receivers: [{ name: test, webhook_configs: [{ url: "${receiverUrl}", send_resolved: true }] }]
`,
  );
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    if (child === undefined) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    child = undefined;
  };
  const start = async (): Promise<void> => {
    child = spawn(
      installedProgram("prometheus-alertmanager"),
      [
        `--config.file=${config}`,
        `--storage.path=${join(directory, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--cluster.listen-address=",
        "--log.level=error",
      ],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
    const ready = async (): Promise<void> => {
      const { ok } = await fetch(`${url}/-/ready`);
      if (!ok) throw new Error("Alertmanager is not ready");
    };
    await vi.waitFor(ready, { timeout: 30_000, interval: 50 });
  };
  await start();
  return {
    url,
    start,
    stop,
    alerts: async () => {
      const answer = await fetch(`${url}/api/v2/alerts?active=true`);
      return (await answer.json()) as readonly HeldAlert[];
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
      await rm(directory, { recursive: true });
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
