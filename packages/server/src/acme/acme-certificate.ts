// A listener's certificate from the database, where the loop `acme` puts it: every process on it presents the same one. Until
// there is one, the built-in authority's stands in.

import type { Clock } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import { privateKeyPem } from "@truechimer/pki";
import type { Logger } from "@truechimer/telemetry";
import type { Seal } from "../ca/seal.ts";
import type { ListenerCertificate, ListenerKeyPair } from "../http/listener-certificate.ts";
import { certificateKeyPurpose, readPair } from "./acme-rows.ts";
import type { AcmeSettings } from "./acme-settings.ts";

/** One row, and a browser that waits for the first certificate. */
const LOOK_MS = 5_000;

export interface AcmeCertificateOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly seal: Seal;
  readonly settings: AcmeSettings;
  /** Asked for only while the database has none. */
  readonly standIn: () => Promise<ListenerCertificate>;
}

/** Fails with master_key_wrong where the database's certificate is sealed with another key. */
export async function createAcmeCertificate(
  options: AcmeCertificateOptions,
): Promise<ListenerCertificate> {
  const { database, clock, logger, seal, settings } = options;
  let seen: string | undefined;
  const next = async (): Promise<ListenerKeyPair | undefined> => {
    const row = await readPair(database, settings, seen);
    if (row === undefined) return undefined;
    const key = privateKeyPem(seal.unseal(certificateKeyPurpose(settings), row.sealedKey));
    seen = row.issuedAt;
    return { key, cert: row.certificatePem };
  };
  const stored = await next();
  let standIn = stored === undefined ? await options.standIn() : undefined;
  const first = stored ?? standIn?.first ?? {};
  let cancel = (): void => undefined;
  let ended = false;
  let failing = false;

  const look = async (replace: (pair: ListenerKeyPair) => void): Promise<void> => {
    try {
      const pair = await next();
      failing = false;
      if (ended) return;
      if (pair !== undefined) {
        standIn?.[Symbol.dispose]();
        standIn = undefined;
        replace(pair);
        logger.info({ names: settings.names }, "the dashboard has a new certificate by ACME");
      }
    } catch (error) {
      if (!failing) logger.error({ error }, "no look at the dashboard's certificate; it stays");
      failing = true;
    }
    wait(replace);
  };
  const wait = (replace: (pair: ListenerKeyPair) => void): void => {
    if (!ended) cancel = clock.setTimer(LOOK_MS, () => void look(replace));
  };
  return {
    first,
    keepFresh: (replace) => {
      standIn?.keepFresh(replace);
      wait(replace);
    },
    [Symbol.dispose]: () => {
      ended = true;
      cancel();
      standIn?.[Symbol.dispose]();
    },
  };
}
