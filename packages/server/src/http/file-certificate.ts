// A listener's certificate from two files that somebody else keeps fresh: certbot, lego, Kubernetes. They are looked at every
// few seconds; a pair that fits takes the place of the one before, one that does not is told and left.

import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { AppError, type Clock } from "@truechimer/base";
import type { Logger } from "@truechimer/telemetry";
import type {
  ListenerCertificate,
  ListenerKeyPair,
  Replace,
  Tell,
} from "./listener-certificate.ts";

/** PEM files. */
export interface CertificateFiles {
  /** The certificate, then those of the authorities between it and a root. */
  readonly certificateFile: string;
  readonly keyFile: string;
}

export interface FileCertificateOptions extends CertificateFiles {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Soon enough for whoever replaces it, and one look at two files. */
const LOOK_MS = 5_000;
const OTHERS_BITS = 0o077;

/** Fails with config_unreadable or config_bad_value when they cannot be used. */
export async function createFileCertificate(
  options: FileCertificateOptions,
): Promise<ListenerCertificate> {
  const { clock, logger } = options;
  let seen = await stampOf(options);
  const first = await readPair(options);
  let cancel = (): void => undefined;
  let ended = false;
  const look = async (replace: Replace, tell?: Tell): Promise<void> => {
    try {
      const stamp = await stampOf(options);
      if (stamp !== seen) {
        const pair = await readPair(options);
        if (ended) return;
        replace(pair);
        logger.info({ file: options.certificateFile }, "the dashboard has a new certificate");
        seen = stamp;
      }
      tell?.(undefined);
    } catch (error) {
      tell?.(error);
      logger.error({ error }, "the dashboard's new certificate is not used; the one before stays");
    }
    wait(replace, tell);
  };
  const wait = (replace: Replace, tell?: Tell): void => {
    if (!ended) cancel = clock.setTimer(LOOK_MS, () => void look(replace, tell));
  };
  return {
    first,
    keepFresh: wait,
    [Symbol.dispose]: () => {
      ended = true;
      cancel();
    },
  };
}

/** Changes when either file does, also by a link that points elsewhere. */
async function stampOf({ certificateFile, keyFile }: CertificateFiles): Promise<string> {
  const stamps = await Promise.all(
    [certificateFile, keyFile].map(async (file) => {
      const { ino, mtimeMs, size } = await stat(file).catch((cause: unknown) => {
        throw unreadable(file, cause);
      });
      return `${ino} ${mtimeMs} ${size}`;
    }),
  );
  return stamps.join(", ");
}

async function readPair({ certificateFile, keyFile }: CertificateFiles): Promise<ListenerKeyPair> {
  const { mode } = await stat(keyFile);
  if ((mode & OTHERS_BITS) !== 0 && process.platform !== "win32") {
    throw new AppError(
      "config_bad_value",
      `listen.key_file: ${keyFile} has mode ${(mode & 0o777).toString(8).padStart(4, "0")}, so others may read the key: run chmod 600 '${keyFile}'`,
    );
  }
  const cert = await readFile(certificateFile, "utf8");
  const key = await readFile(keyFile, "utf8");
  const problem = problemOf(cert, key);
  if (problem === undefined) return { cert, key };
  throw new AppError(
    "config_bad_value",
    `${certificateFile} with ${keyFile}: ${problem}; expected a certificate in PEM, with those of the authorities between it and a root behind it, and its private key`,
  );
}

function problemOf(cert: string, key: string): string | undefined {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch {
    return "the first is no certificate";
  }
  try {
    const isPair = certificate.checkPrivateKey(createPrivateKey(key));
    return isPair ? undefined : "the key is another certificate's";
  } catch {
    return "the second is no private key, or one under a password";
  }
}

function unreadable(file: string, cause: unknown): AppError {
  return new AppError(
    "config_unreadable",
    `${file} cannot be read: check listen.certificate_file and listen.key_file, and that this account may read both`,
    { cause },
  );
}
