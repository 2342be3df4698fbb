// A listener's certificate: issued by our own authority, kept in memory alone, replaced in the last
// third of its life. New connections get the new one; those that are open stay as they are.

import type { SecureContextOptions } from "node:tls";
import type { Clock } from "@truechimer/base";
import { renewalPlan } from "@truechimer/pki";
import type { Logger } from "@truechimer/telemetry";
import type { CertificateAuthority, IssuedKeyPair } from "../ca/certificate-authority.ts";
import { type ListenerPlace, listenerNames } from "./listener-names.ts";

/** After a failure: often enough to be done long before the end, seldom enough not to press a database that is away. */
const RETRY_MS = 30_000;

export interface ListenerCertificateOptions {
  readonly ca: CertificateAuthority;
  readonly clock: Clock;
  readonly logger: Logger;
  /** For the log: "the agents' listener". */
  readonly whose: string;
  readonly place: ListenerPlace;
}

/** The key with the whole chain, the root too: an agent that knows only its fingerprint finds it there. */
export type ListenerKeyPair = Pick<SecureContextOptions, "key" | "cert">;

export type Replace = (pair: ListenerKeyPair) => void;
export type Tell = (failure: unknown) => void;

export interface ListenerCertificate extends Disposable {
  readonly first: ListenerKeyPair;
  /** Calls `replace` with each further one, and `tell` with what an attempt to get one failed with, undefined when none did. */
  keepFresh(replace: Replace, tell?: Tell): void;
}

export async function createListenerCertificate(
  options: ListenerCertificateOptions,
): Promise<ListenerCertificate> {
  const { ca, clock, logger, place } = options;
  const issue = (): Promise<IssuedKeyPair> => ca.issueServerCertificate(listenerNames(place));
  const chained = async (issued: IssuedKeyPair): Promise<ListenerKeyPair> => ({
    key: issued.keyPem,
    cert: issued.certificatePem + (await ca.rootPem()),
  });
  let current = await issue();
  const first = await chained(current);
  let cancel = (): void => undefined;
  let ended = false;

  const wait = (delayMs: number, replace: Replace, tell?: Tell): void => {
    if (!ended) cancel = clock.setTimer(delayMs, () => void look(replace, tell));
  };
  const look = async (replace: Replace, tell?: Tell): Promise<void> => {
    try {
      if (renewalPlan(current, clock.nowNs()).due) {
        const next = await issue();
        const pair = await chained(next);
        if (ended) return;
        replace(pair);
        current = next;
        logger.info({ serial: next.serial }, `${options.whose} has a new certificate`);
      }
      tell?.(undefined);
      wait(renewalPlan(current, clock.nowNs()).nextCheckMs, replace, tell);
    } catch (error) {
      logger.error({ error }, `the certificate of ${options.whose} was not renewed`);
      tell?.(error);
      wait(RETRY_MS, replace, tell);
    }
  };

  return {
    first,
    keepFresh: (replace, tell) =>
      wait(renewalPlan(current, clock.nowNs()).nextCheckMs, replace, tell),
    [Symbol.dispose]: () => {
      ended = true;
      cancel();
    },
  };
}
