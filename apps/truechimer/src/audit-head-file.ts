// Where the signed end of the audit trail is kept: `up` has it in the data directory, where `audit verify` looks for it;
// others where the configuration says.

import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "@truechimer/base";
import type { Config } from "./config/config.ts";

export const AUDIT_HEAD_FILE = "audit-head.json";

/**
 * For the control plane's options: none, where the log alone has it. Fails with directory_unwritable: a trail whose end is
 * not kept would be found out too late.
 */
export async function auditHeadFile(
  { audit }: Pick<Config, "audit">,
  dataDir?: string,
): Promise<{ readonly auditHeadFile?: string }> {
  if (audit.headFile === undefined)
    return dataDir === undefined ? {} : { auditHeadFile: join(dataDir, AUDIT_HEAD_FILE) };
  const directory = dirname(audit.headFile);
  try {
    await access(directory, constants.W_OK);
  } catch (cause) {
    throw new AppError(
      "directory_unwritable",
      `audit.head_file: the directory ${directory} is not there or cannot be written: make it, or give this account the right to`,
      { cause },
    );
  }
  return { auditHeadFile: audit.headFile };
}
