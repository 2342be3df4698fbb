// How long the statements of a pool's sessions take, by their kind, as the program that sends them sees it.

import type { Database } from "@truechimer/database";

type Pool = Database["pool"];

export type NoteStatement = (text: string, tookMs: number) => void;

/** Notes every statement of every session that the pool opens from now on. */
export function timeStatements(pool: Pool, note: NoteStatement): Pool {
  pool.on("connect", (client) => {
    const query = client.query.bind(client) as (...args: readonly unknown[]) => unknown;
    const timed = (...args: readonly unknown[]): unknown => {
      const beganMs = performance.now();
      const end = (): void => note(textOf(args[0]), performance.now() - beganMs);
      const callback = args.at(-1);
      if (typeof callback === "function") {
        const ended = (...answer: readonly unknown[]): void => {
          end();
          (callback as (...answer: readonly unknown[]) => void)(...answer);
        };
        return query(...args.slice(0, -1), ended);
      }
      const answer = query(...args);
      if (answer instanceof Promise) void answer.then(end, () => undefined);
      return answer;
    };
    Object.assign(client, { query: timed });
  });
  return pool;
}

function textOf(query: unknown): string {
  if (typeof query === "string") return query;
  const { text } = query as { readonly text?: unknown };
  return typeof text === "string" ? text : "";
}

/** Of the job queue. Order decides: what ends a job in a bundle also deletes. */
const KINDS: readonly (readonly [name: string, text: RegExp])[] = [
  ["take jobs", /skip locked/i],
  ["end jobs", /delete from/i],
  ["fail or return jobs", /update[^;]*_private_jobs/i],
];

/** "other": sessions' settings, listening, transactions' ends. */
export function kindOfStatement(text: string): string {
  return KINDS.find(([, pattern]) => pattern.test(text))?.[0] ?? "other";
}
