// Which network an address is in: its autonomous system (RFC 1930), looked up in a file of the operator's in MaxMind's
// format (MMDB), as several publishers give them away. Nothing is asked over the network for it.

import { readFile, stat } from "node:fs/promises";
import { AppError, type Clock } from "@truechimer/base";
import type { Logger } from "@truechimer/telemetry";
import { Reader, type Response } from "mmdb-lib";

export interface Network {
  /** Number of the autonomous system, from 1. */
  readonly number: number;
  /** What the file calls it; may be empty. */
  readonly name: string;
}

/** One edition of the file. */
export interface NetworkTable {
  /** Undefined: the address is in none that the file knows, such as a private one. */
  of(address: string): Network | undefined;
}

export interface Networks {
  /** The newest edition: a file that was replaced is read again, one that is broken by now is not. */
  table(): Promise<NetworkTable>;
}

export interface NetworksOptions {
  readonly file: string;
  readonly clock: Pick<Clock, "monotonicNs">;
  readonly logger: Pick<Logger, "warn">;
}

/** Without a file no network is known. */
export const NO_NETWORKS: Networks = { table: async () => ({ of: () => undefined }) };

/** Whether there is a newer one is looked at this often. */
const LOOK_NS = 60_000_000_000n;
/** They are held in memory; those of all networks of the world have 10 MB. */
const FILE_BYTES_MAX = 512 * 1024 * 1024;
/** Files of the same form. */
const OF_OTHER_THINGS = /country|city|location|anonymous|domain|connection/i;
/** A name is shown in one line. */
const NAME_CHARACTERS_MAX = 80;

/** Fails with config_bad_value when the file cannot be read or has no autonomous systems. */
export async function openNetworks({ file, clock, logger }: NetworksOptions): Promise<Networks> {
  let edition = await readEdition(file);
  let lookedAtNs = clock.monotonicNs();
  let look: Promise<void> | undefined;
  const refresh = async (): Promise<void> => {
    try {
      const { mtimeMs } = await stat(file);
      if (mtimeMs !== edition.mtimeMs) edition = await readEdition(file);
    } catch (error) {
      logger.warn({ error, file }, "networks.file is not what it was: the edition before is used");
    }
  };
  return {
    table: async () => {
      const nowNs = clock.monotonicNs();
      if (nowNs - lookedAtNs > LOOK_NS) {
        lookedAtNs = nowNs;
        look = refresh();
      }
      await look;
      return edition.table;
    },
  };
}

interface Edition {
  readonly table: NetworkTable;
  readonly mtimeMs: number;
}

async function readEdition(file: string): Promise<Edition> {
  try {
    const { mtimeMs, size } = await stat(file);
    if (size > FILE_BYTES_MAX) throw new RangeError(`it has ${size} bytes`);
    const reader = new Reader<Response>(await readFile(file));
    const table = { of: (address: string) => networkOf(reader.get(address)) };
    const { databaseType } = reader.metadata;
    if (OF_OTHER_THINGS.test(databaseType) && !/as|isp|network/i.test(databaseType)) {
      throw new TypeError(`it is a database of the type "${databaseType}"`);
    }
    return { table, mtimeMs };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError(
      "config_bad_value",
      `networks.file: ${file} is no MMDB file of autonomous systems (${reason}): give one such as GeoLite2-ASN.mmdb, or leave the key out`,
      { cause: error },
    );
  }
}

/** The two forms that publishers have: number and organization, or `asn` as "AS64500" and a name. */
function networkOf(found: unknown): Network | undefined {
  if (typeof found !== "object" || found === null) return undefined;
  const record = found as Readonly<Record<string, unknown>>;
  const number = numberOf(record["autonomous_system_number"] ?? record["asn"]);
  if (number === undefined) return undefined;
  const names = [record["autonomous_system_organization"], record["as_name"], record["name"]];
  const name = names.find((each): each is string => typeof each === "string");
  return { number, name: printable(name ?? "") };
}

function numberOf(value: unknown): number | undefined {
  const number = typeof value === "string" ? Number(value.replace(/^AS/i, "")) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number > 0
    ? number
    : undefined;
}

/** The file is the operator's, what is in it others wrote. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, " ").trim().slice(0, NAME_CHARACTERS_MAX).toWellFormed();
}
