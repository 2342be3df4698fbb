// The tables of the configuration's reference are what the program's own schema gives today.

import {
  CONFIGURATION_REFERENCE,
  readConfigurationRows,
  withTables,
} from "../../reference/write-tables.ts";
import type { Repository } from "../repository.ts";
import type { Finding, Rule } from "../rule.ts";

export const generatedReference: Rule = {
  name: "generated-reference",
  findings: compareReference,
};

async function compareReference({ root, files }: Repository): Promise<readonly Finding[]> {
  if (root === undefined) return [];
  const path = CONFIGURATION_REFERENCE;
  try {
    const document = files.get(path) ?? "";
    if (withTables(document, await readConfigurationRows(root)) === document) return [];
    return [
      { path, text: "is not what the schema gives: run `npm run reference` and commit the result" },
    ];
  } catch (error) {
    return [{ path, text: error instanceof Error ? error.message : String(error) }];
  }
}
