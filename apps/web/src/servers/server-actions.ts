// What can be done to servers. Each is done at once and can be taken back.

import type { QueryClient } from "@tanstack/react-query";
import { adminClient } from "../api/client.ts";
import { countOf } from "../format/number.ts";
import type { ServerFacts } from "../parts/server-facts.ts";
import { tellDone, tellFailed } from "../parts/toasts.tsx";

type Ids = readonly bigint[];

async function pauseServers(ids: Ids): Promise<void> {
  await adminClient.pauseServers({ ids: [...ids] });
}

async function resumeServers(ids: Ids): Promise<void> {
  await adminClient.resumeServers({ ids: [...ids] });
}

export async function removeServers(ids: Ids): Promise<void> {
  await adminClient.removeServers({ ids: [...ids] });
}

async function restoreServers(ids: Ids): Promise<void> {
  await adminClient.restoreServers({ ids: [...ids] });
}

export interface ServerAction {
  readonly name: string;
  /** What it will do, for hovering. */
  readonly promise: string;
  readonly done: string;
  readonly run: (ids: Ids) => Promise<void>;
  readonly undo: (ids: Ids) => Promise<void>;
  readonly undone: string;
  readonly applies: (server: ServerFacts) => boolean;
}

export const SERVER_ACTIONS: readonly ServerAction[] = [
  {
    name: "Pause",
    promise: "Stops checking; history and score stay. Can be undone.",
    done: "paused",
    run: pauseServers,
    undo: resumeServers,
    undone: "watched again",
    applies: (server) => server.state === "watched",
  },
  {
    name: "Resume",
    promise: "Checks again from now on.",
    done: "watched again",
    run: resumeServers,
    undo: pauseServers,
    undone: "paused again",
    applies: (server) => server.state === "paused",
  },
  {
    name: "Remove",
    promise: "Takes it out of watch; its history stays readable. Can be undone.",
    done: "removed",
    run: removeServers,
    undo: restoreServers,
    undone: "back",
    applies: (server) => server.state !== "removed",
  },
  {
    name: "Restore",
    promise: "Watches it again, with its history.",
    done: "back",
    run: restoreServers,
    undo: removeServers,
    undone: "removed again",
    applies: (server) => server.state === "removed",
  },
];

/** Does it, tells it, offers the undo; a failure keeps everything and tells why. */
export async function act(
  action: ServerAction,
  servers: readonly ServerFacts[],
  queries: QueryClient,
): Promise<boolean> {
  const affected = servers.filter(action.applies);
  const ids = affected.map((server) => server.id);
  const first = affected[0];
  if (first === undefined) return false;
  const who = affected.length === 1 ? first.name : countOf(affected.length, "server");
  try {
    await action.run(ids);
    tellDone(`${who} ${action.done}`, async () => {
      await action.undo(ids);
      void queries.invalidateQueries();
      return `${who} ${action.undone}`;
    });
    return true;
  } catch (error) {
    tellFailed(`${who} could not be ${action.done}`, error);
    return false;
  } finally {
    void queries.invalidateQueries();
  }
}
