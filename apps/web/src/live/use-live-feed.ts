// The live stream, followed for as long as the page is open. After an interruption it goes on where it ended.

import { useEffect, useState } from "react";
import { adminClient } from "../api/client.ts";
import { problemOf, wasAnswered } from "../api/problem.ts";
import { EMPTY_FEED, type LiveFeed, withAnswer } from "./live-feed.ts";

/** Within the five seconds in which a lost connection is told, it is tried again. */
const RETRY_MS = 2_000;
/** The stream's heartbeat comes every two seconds at least: two that are missing are a dead connection, told within five. */
const SILENCE_MS_MAX = 5_000;

export interface Live {
  readonly feed: LiveFeed;
  /** Why the stream is not open: it was refused, or there is no connection. Undefined: it is open, or opening. */
  readonly error: unknown;
}

/** Of the checks that pass `filter`; another filter begins anew. */
export function useLiveFeed(filter: string): Live {
  const [feed, setFeed] = useState<LiveFeed>(EMPTY_FEED);
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    const ended = new AbortController();
    let position = "";
    setFeed(EMPTY_FEED);
    setError(undefined);
    const follow = async (): Promise<void> => {
      const connection = new AbortController();
      const close = (): void => connection.abort();
      ended.signal.addEventListener("abort", close, { once: true });
      let silence = setTimeout(close, SILENCE_MS_MAX);
      try {
        const stream = adminClient.watchResults(
          { filter, resume: position },
          { signal: connection.signal, timeoutMs: 0 },
        );
        for await (const answer of stream) {
          if (ended.signal.aborted) return;
          clearTimeout(silence);
          silence = setTimeout(close, SILENCE_MS_MAX);
          setError(undefined);
          setFeed((before) => withAnswer(before, answer));
          if (answer.position !== "") position = answer.position;
        }
      } finally {
        clearTimeout(silence);
        ended.signal.removeEventListener("abort", close);
      }
    };
    void keepFollowing(follow, ended.signal, (failure) => {
      setError(failure);
      // What a filter or a key is refused for stays so; what is lost comes back.
      return !wasAnswered(failure) || problemOf(failure).code === "unavailable";
    });
    return () => ended.abort();
  }, [filter]);
  return { feed, error };
}

async function keepFollowing(
  follow: () => Promise<void>,
  ended: AbortSignal,
  mayRetry: (error: unknown) => boolean,
): Promise<void> {
  while (!ended.aborted) {
    try {
      await follow();
    } catch (error) {
      if (ended.aborted || !mayRetry(error)) return;
    }
    await pause(RETRY_MS, ended);
  }
}

function pause(ms: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      ended.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    ended.addEventListener("abort", done);
  });
}
