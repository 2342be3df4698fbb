// Files with the certificate of an authority that we are to trust; nothing secret.

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
