// Keeps the end of the trail outside the database: in a file, and in the log. A head that the trail has lost is never
// written over: it is the proof that something was cut off.

import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import type { Logger } from "@truechimer/telemetry";
import { readEntryHash, readHead } from "./read-trail.ts";
import { type HeadSigner, headOf, parseSignedHead, type SignedHead } from "./signed-head.ts";

/** What is kept outside the database. */
export interface KeptHead {
  /** Absent: none is. */
  readonly head?: SignedHead;
  /** What lies in its place and is none. It may be the proof of a cut: it is told, and not written over. */
  readonly problem?: string;
}

export interface HeadKeeper {
  /** Newest head that is kept, by file or, where none is named, in memory. */
  kept(): Promise<KeptHead>;
  /** Signs the newest head and keeps it. Nothing happened since: does nothing. */
  keep(): Promise<void>;
}

export interface HeadKeeperOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Absent: without a master key nothing is signed, and nothing kept. */
  readonly signer: HeadSigner | undefined;
  /** Absent: the log alone has it. */
  readonly file: string | undefined;
}

const OWNER_ONLY = 0o600;

export function createHeadKeeper(options: HeadKeeperOptions): HeadKeeper {
  const { signer, file } = options;
  let keeping: Promise<void> = Promise.resolve();
  let newest: SignedHead | undefined;
  const kept = async (): Promise<KeptHead> => {
    if (file !== undefined) return readHeadFile(file);
    return newest === undefined ? {} : { head: newest };
  };
  return {
    kept,
    keep: () => {
      if (signer === undefined) return Promise.resolve();
      // One after the other: an older head must not replace a newer one.
      keeping = keeping.then(async () => {
        newest = (await keepNewest(options, signer, await kept())) ?? newest;
      });
      return keeping;
    },
  };
}

/** The head that was written. Absent: none had to be, or could be. */
async function keepNewest(
  { database, clock, logger, file }: HeadKeeperOptions,
  signer: HeadSigner,
  { head: kept, problem }: KeptHead,
): Promise<SignedHead | undefined> {
  if (problem !== undefined) {
    logger.error({ problem }, "the head of the audit trail is not kept");
    return undefined;
  }
  try {
    const head = await readHead(database.kysely);
    const hash = Buffer.from(head.hash).toString("hex");
    if (head.sequence === 0n && kept === undefined) return undefined;
    if (kept?.sequence === String(head.sequence) && kept.hash === hash) return undefined;
    if (kept !== undefined && !(await isPartOfTrail(database, kept))) {
      logger.error(
        { kept_sequence: kept.sequence, sequence: String(head.sequence) },
        "the audit trail has lost the entry that its kept head names: see `truechimer audit verify`",
      );
      return undefined;
    }
    const at = new Date(Number(clock.nowNs() / 1_000_000n)).toISOString();
    const signed = signer.sign(head, at);
    if (file !== undefined) await replaceFile(file, `${JSON.stringify(signed)}\n`);
    logger.info({ ...signed }, "head of the audit trail");
    return signed;
  } catch (error) {
    logger.warn({ error }, "the head of the audit trail could not be kept");
    return undefined;
  }
}

async function isPartOfTrail({ kysely }: Database, kept: SignedHead): Promise<boolean> {
  const { sequence, hash } = headOf(kept);
  const stored = await readEntryHash(kysely, sequence);
  return stored !== undefined && Buffer.compare(stored, hash) === 0;
}

async function readHeadFile(file: string): Promise<KeptHead> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? {} : { problem: `${file} cannot be read (${code ?? "unknown"})` };
  }
  const head = parseSignedHead(text);
  if (head !== undefined) return { head };
  return {
    problem: `${file} holds no head of an audit trail: move it aside, and the next act writes a new one`,
  };
}

/** After a crash at any moment the old text or the new one is there. */
async function replaceFile(file: string, text: string): Promise<void> {
  const fresh = `${file}.new`;
  {
    await using handle = await open(fresh, "w", OWNER_ONLY);
    await handle.writeFile(text);
    await handle.sync();
  }
  await rename(fresh, file);
  await using directory = await open(dirname(file), "r");
  await directory.sync();
}
