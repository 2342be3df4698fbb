// The servers that the configuration names, put under watch by `up`. A name without an address may get one later: the
// network may be slower to start than we are. It is asked for again until it has one, ever more seldom.

import type { adminV1 } from "@truechimer/api";
import { type Clock, sleep } from "@truechimer/base";
import type { Logger } from "@truechimer/telemetry";
import type { Progress } from "../output/progress.ts";
import { serverLabel } from "../output/server-label.ts";

const RETRY_FIRST_MS = 5_000;
/** A name that is mistyped is looked up this often for as long as we run. */
const RETRY_MAX_MS = 300_000;

type AddedServer = Pick<adminV1.Server, "name" | "address" | "port">;
type RefusedServer = Pick<adminV1.RefusedTarget, "target" | "code" | "message">;

/** Of the admin API's answer what is needed here. */
interface AddedServers {
  readonly added: readonly AddedServer[];
  readonly existing: readonly AddedServer[];
  readonly refused: readonly RefusedServer[];
}

export interface ConfiguredServersOptions {
  readonly targets: readonly string[];
  readonly addServers: (targets: string[]) => Promise<AddedServers>;
  readonly progress: Progress;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Gives how many of them are under watch. Those that are there already stay as they are. */
export async function addConfiguredServers(
  stack: AsyncDisposableStack,
  options: ConfiguredServersOptions,
): Promise<number> {
  if (options.targets.length === 0) return 0;
  const { added, existing, refused } = await options.addServers([...options.targets]);
  tellAdded(options.progress, added);
  for (const { target, code, message } of refused) {
    const later = code === UNRESOLVED ? "; it is tried again from time to time" : "";
    const text = `${target} is not watched: ${message} (${code})${later}`;
    options.progress.say("servers", text, { target, code });
  }
  const unresolved = refused.filter(isUnresolved).map(({ target }) => target);
  if (unresolved.length > 0) {
    const stopped = new AbortController();
    const ended = addLater(options, unresolved, stopped.signal);
    stack.defer(async () => {
      stopped.abort();
      await ended;
    });
  }
  return added.length + existing.length;
}

const UNRESOLVED = "name_unresolved";

function isUnresolved({ code }: RefusedServer): boolean {
  return code === UNRESOLVED;
}

/** Ends when every name has an address, or is refused for another reason, or with the signal. */
async function addLater(
  { addServers, progress, logger, clock }: ConfiguredServersOptions,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  let unresolved = names;
  for (let delayMs = RETRY_FIRST_MS; unresolved.length > 0; delayMs *= 2) {
    try {
      await sleep(clock, Math.min(delayMs, RETRY_MAX_MS), signal);
    } catch {
      return;
    }
    try {
      const { added, refused } = await addServers([...unresolved]);
      tellAdded(progress, added);
      unresolved = refused.filter(isUnresolved).map(({ target }) => target);
      for (const { target, message, code } of refused) {
        logger.warn({ target, code }, `a configured server is not watched: ${message}`);
      }
    } catch (error) {
      if (!signal.aborted) logger.warn({ error }, "configured servers could not be added");
    }
  }
}

function tellAdded(progress: Progress, added: readonly AddedServer[]): void {
  for (const server of added) progress.say("servers", `watching ${serverLabel(server)}`);
}
