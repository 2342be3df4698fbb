// `truechimer up`: opens one thing after the other, says where the dashboard is, and closes all of it in the reverse
// order when it is told to stop.

import { AppError } from "@truechimer/base";
import type { CliContext } from "../cli-context.ts";
import { askedFormat } from "../command-host.ts";
import type { UpOptions } from "../commands/up.ts";
import { type LoadedConfig, loadConfig } from "../config/load-config.ts";
import { dataDirectoryPath, openDataDirectory } from "../data-directory.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { createProgress, type Progress } from "../output/progress.ts";
import { PRODUCT_VERSION } from "../product-version.ts";
import { createStop, runUntilStopped, type Stop } from "../run-until-stopped.ts";
import { placeToListenOn } from "./listen-port.ts";

/** What the stages of `up` share. */
export interface UpWorld {
  readonly context: CliContext;
  readonly loaded: LoadedConfig;
  readonly progress: Progress;
  readonly stop: Stop;
}

export async function runUp(context: CliContext, options: UpOptions): Promise<ExitCode> {
  const loaded = await loadConfig("up", options, context.env);
  const progress = createProgress(context, askedFormat(options));
  const stop = createStop(context.stopSignal());
  const world: UpWorld = { context, loaded, progress, stop };
  const { closedInTime } = await runUntilStopped(
    stop,
    context.clock,
    (stack) => openAll(stack, world),
    () => progress.say("stopping", "finishing what is in flight"),
  );
  if (!closedInTime)
    throw new AppError(
      "stopped",
      "not everything could be closed in time: what was acknowledged is stored",
    );
  progress.say("stopped", "everything is stored; the next start goes on from here");
  return EXIT.good;
}

async function openAll(stack: AsyncDisposableStack, world: UpWorld): Promise<void> {
  const { context, loaded, progress } = world;
  const startedNs = context.clock.monotonicNs();
  // Loading the control plane's code takes as long as starting the database does: both at once.
  const stagesLoading = import("./stages.ts");
  const path = dataDirectoryPath(loaded.config.dataDir);
  progress.say("truechimer", `version ${PRODUCT_VERSION}, data in ${path}`, { path });
  const directory = stack.use(await openDataDirectory(path));
  const { listen, agents } = loaded.config;
  const places = {
    dashboard: await placeToListenOn({ ...listen, section: "listen", flag: "--port" }),
    agents: await placeToListenOn({ ...agents, section: "agents", flag: "--agents-port" }),
  };
  const stages = await stagesLoading;
  await stages.openStages(stack, { ...world, directory, places });
  const tookS = Number(context.clock.monotonicNs() - startedNs) / 1e9;
  progress.say(
    "ready",
    `after ${tookS.toFixed(1)} s; the address opens once, "truechimer login" prints another; Ctrl-C stops it`,
    { took_s: tookS },
  );
}
