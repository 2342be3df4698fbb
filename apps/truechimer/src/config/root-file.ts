// Files with the certificate of an authority that we are to trust; nothing secret.

import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { AppError } from "@truechimer/base";

/** PEM, as it is. */
export async function readRootFile(key: string, file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new AppError(
      "config_unreadable",
      `${key}: ${file} cannot be read: check the path and that this account may read it`,
      { cause },
    );
  }
}

/** PEM that begins with a certificate: TLS would pass over anything else in silence, and then trust nobody. */
export async function readAuthorities(key: string, file: string): Promise<string> {
  const pem = await readRootFile(key, file);
  try {
    void new X509Certificate(pem);
    return pem;
  } catch (cause) {
    throw new AppError(
      "config_bad_value",
      `${key}: ${file} holds no certificate: expected PEM, "-----BEGIN CERTIFICATE-----", of the authority whose certificate the control plane has`,
      { cause },
    );
  }
}
