// Where the built dashboard lies.

import { access } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** Undefined: it is not built, so that only the API is served. `npm start` builds it. */
export async function findWebRoot(): Promise<string | undefined> {
  const root = new URL("../../web/dist/", import.meta.url);
  try {
    await access(new URL("index.html", root));
    return fileURLToPath(root);
  } catch {
    return undefined;
  }
}
