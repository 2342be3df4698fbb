// Names to addresses, so that neither a dead name server nor a caller who has gone holds anything up. Name servers are
// asked by a resolver that can be cancelled. What they do not know (the hosts file, a search domain, a name of the local
// network) the host is asked: that cannot be cancelled and occupies a thread of the few that all files are read by, so
// only two such questions are under way at once.

import { lookup, Resolver } from "node:dns/promises";
import { parseIpAddress } from "@truechimer/base";
import type { ResolveName } from "./context.ts";

/** For one try at one name server; what is left of the caller's time is for the host. */
const NAME_SERVER_TIMEOUT_MS = 1_500;
/** Of Node's four threads. */
const HOST_LOOKUPS_MAX = 2;

export interface NameSources {
  /** Of name servers, A and AAAA. Rejects when neither is there. */
  readonly askNameServers: (name: string, signal: AbortSignal) => Promise<readonly string[]>;
  /** Of the host, by whatever means it has. */
  readonly askHost: (name: string) => Promise<readonly string[]>;
}

const SYSTEM_SOURCES: NameSources = {
  askNameServers: async (name, signal) => {
    const resolver = new Resolver({ timeout: NAME_SERVER_TIMEOUT_MS, tries: 1 });
    const cancel = (): void => resolver.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
      return answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  },
  askHost: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
};

export function createNameResolver(sources: NameSources = SYSTEM_SOURCES): ResolveName {
  const places = createPlaces(HOST_LOOKUPS_MAX);
  return async (name, signal) => {
    signal.throwIfAborted();
    // A name without a dot is in no public zone.
    const found = name.includes(".") ? await sources.askNameServers(name, signal) : [];
    signal.throwIfAborted();
    const texts =
      found.length > 0
        ? found
        : await places
            .take(signal)
            .then((release) => unlessAborted(sources.askHost(name).finally(release), signal));
    return texts.flatMap((text) => {
      const address = parseIpAddress(text);
      return address.ok ? [address.value] : [];
    });
  };
}

/** The result no longer matters once the signal is aborted; the work goes on. */
function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

interface Places {
  /** Resolves with how to give the place back; rejects when the signal is aborted first. */
  take(signal: AbortSignal): Promise<() => void>;
}

function createPlaces(count: number): Places {
  let free = count;
  const waiting = new Set<() => void>();
  const release = (): void => {
    const [next] = waiting;
    if (next === undefined) free += 1;
    else next();
  };
  return {
    take: async (signal) => {
      if (free > 0) {
        free -= 1;
        return release;
      }
      let proceed = (): void => {};
      const turn = new Promise<void>((resolve) => {
        proceed = resolve;
      });
      const next = (): void => {
        waiting.delete(next);
        proceed();
      };
      waiting.add(next);
      try {
        await unlessAborted(turn, signal);
      } catch (error) {
        // One whose turn has come as it gave up passes it on.
        if (!waiting.delete(next)) release();
        throw error;
      }
      return release;
    },
  };
}
