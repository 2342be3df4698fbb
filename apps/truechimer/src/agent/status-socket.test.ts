import { once } from "node:events";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@truechimer/base";
import { createVirtualClock } from "@truechimer/testing-sim";
import { expect, onTestFinished, test, vi } from "vitest";
import { askStatus, LOOK_MS, serveStatus } from "./status-socket.ts";

async function useDirectory(name = ""): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "truechimer-status-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const inner = join(directory, name);
  await mkdir(inner, { recursive: true, mode: 0o700 });
  return inner;
}

const serve = (directory: string, status: () => unknown): Promise<AsyncDisposable | undefined> =>
  serveStatus({ directory, status, clock: systemClock });
const ask = (directory: string): Promise<unknown> => askStatus(directory, systemClock);

test("a running agent tells how it is, as of the question", async () => {
  const directory = await useDirectory();
  let checks = 1;
  await using _serving = await serve(directory, () => ({ checks }));
  expect(await ask(directory)).toEqual({ checks: 1 });
  checks = 2;
  expect(await ask(directory)).toEqual({ checks: 2 });
});

test("only the agent's own account may ask", async () => {
  const directory = await useDirectory();
  await using _serving = await serve(directory, () => ({}));
  expect((await stat(join(directory, "status.sock"))).mode & 0o777).toBe(0o600);
});

test("when the agent has ended, nobody answers and nothing is left", async () => {
  const directory = await useDirectory();
  const serving = await serve(directory, () => ({}));
  await serving?.[Symbol.asyncDispose]();
  expect(await ask(directory)).toBeUndefined();
  await expect(stat(join(directory, "status.sock"))).rejects.toThrow(/ENOENT/);
});

test("what a killed agent left is no obstacle to the next", async () => {
  const directory = await useDirectory();
  await writeFile(join(directory, "status.sock"), "");
  expect(await ask(directory)).toBeUndefined();
  await using _serving = await serve(directory, () => "here");
  expect(await ask(directory)).toBe("here");
});

test("whoever asks and does not read holds up neither the next one nor the end", async () => {
  const directory = await useDirectory();
  const serving = await serve(directory, () => "x".repeat(200_000));
  const silent = createConnection(join(directory, "status.sock"));
  await once(silent, "connect");
  silent.pause();
  expect(await ask(directory)).toHaveLength(200_000);
  silent.destroy();
  await serving?.[Symbol.asyncDispose]();
});

test("a path that is too long for a socket has none, and asking it is answered at once", async () => {
  const directory = await useDirectory("d".repeat(120));
  expect(await serve(directory, () => ({}))).toBeUndefined();
  expect(await ask(directory)).toBeUndefined();
});

test("a state directory that was removed and made anew has its socket again, and one that is gone does no harm", async () => {
  const directory = await useDirectory("state");
  const clock = createVirtualClock();
  await using _serving = await serveStatus({ directory, status: () => "here", clock });
  await rm(directory, { recursive: true });
  await clock.advance(LOOK_MS);
  expect(await ask(directory)).toBeUndefined();
  await mkdir(directory, { mode: 0o700 });
  await vi.waitFor(
    async () => {
      await clock.advance(LOOK_MS);
      expect(await ask(directory)).toBe("here");
    },
    { timeout: 20_000 },
  );
  expect((await stat(join(directory, "status.sock"))).mode & 0o777).toBe(0o600);
});

test("a socket that another agent has put there stays, or is soon there again", async () => {
  const directory = await useDirectory();
  const clock = createVirtualClock();
  const serving = await serveStatus({ directory, status: () => "ours", clock });
  await rm(join(directory, "status.sock"));
  {
    await using _other = await serveStatus({ directory, status: () => "theirs", clock });
    await clock.advance(LOOK_MS);
    expect(await ask(directory)).toBe("theirs");
    // The end of a server removes what lies under its name, whosever it is.
    await serving?.[Symbol.asyncDispose]();
    await vi.waitFor(
      async () => {
        await clock.advance(LOOK_MS);
        expect(await ask(directory)).toBe("theirs");
      },
      { timeout: 20_000 },
    );
  }
  expect(clock.timersPending()).toBe(0);
});
