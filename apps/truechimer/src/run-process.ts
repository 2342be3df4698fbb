// A program as a process: everything that belongs to the process (arguments, environment, outputs, signals, exit code)
// is taken here and handed on.

import { once } from "node:events";
import { isatty } from "node:tty";
import { systemClock, systemRandom } from "@truechimer/base";
import type { CliContext } from "./cli-context.ts";
import { colourWanted, createStyle } from "./output/style.ts";
import { type ProgramFactory, runCli } from "./run-cli.ts";
import { createStopSignal } from "./stop-signal.ts";

/** After a role has closed everything, its event loop has this long to run empty. */
const END_GRACE_MS = 500;

/** Ends the process by leaving its event loop empty, with the exit code of the command that ran. */
export async function runProcess(createProgram: ProgramFactory): Promise<void> {
  const { env, stdout, stderr } = process;
  const stdoutIsTerminal = isatty(1);
  const stderrIsTerminal = isatty(2);

  let runsUntilStopped = false;
  const context: CliContext = {
    env,
    stdout: (text) => void stdout.write(text),
    stdoutBytes: (bytes) => void stdout.write(bytes),
    stderr: (text) => void stderr.write(text),
    stdoutTaken: () => whenTaken(stdout),
    stdin: () => process.stdin as AsyncIterable<Uint8Array>,
    stdoutIsTerminal,
    stderrIsTerminal,
    style: createStyle(colourWanted(env, stdoutIsTerminal)),
    errorStyle: createStyle(colourWanted(env, stderrIsTerminal)),
    clock: systemClock,
    random: systemRandom,
    stopSignal: () => {
      runsUntilStopped = true;
      const endsWithParent = env["npm_lifecycle_event"] !== undefined;
      return createStopSignal(process, { clock: systemClock, endsWithParent });
    },
    onHangUp: (listener) => {
      process.on("SIGHUP", listener);
      return () => void process.off("SIGHUP", listener);
    },
  };

  // A reader that went away (`truechimer servers list | head -1`) is no failure of ours; and a role goes on without one.
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    if (!runsUntilStopped) process.exit(0);
  });

  process.exitCode = await runCli(process.argv.slice(2), { context, createProgram });
  if (runsUntilStopped) setTimeout(() => process.exit(), END_GRACE_MS).unref();
}

/** False: the reader has gone. */
async function whenTaken(stdout: NodeJS.WriteStream): Promise<boolean> {
  if (stdout.writableNeedDrain) await once(stdout, "drain").catch(() => undefined);
  return !stdout.errored && !stdout.destroyed;
}
