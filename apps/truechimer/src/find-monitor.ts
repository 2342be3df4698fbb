// From what a person types to the monitors that are meant: a number or a name (of each family).

import type { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import type { AdminClient } from "./admin-client.ts";
import { closest } from "./config/suggest.ts";

/** At least one. Fails with not_found, naming the closest name that there is. */
export async function findMonitors(
  client: AdminClient,
  word: string,
): Promise<readonly adminV1.Monitor[]> {
  const { monitors } = await client.listMonitors({});
  const found = monitors.filter(({ id, name }) => name === word || id.toString() === word);
  if (found.length > 0) return found;
  const nearest = closest(
    word,
    monitors.map(({ name }) => name),
  );
  const remedy =
    nearest === undefined ? 'see "truechimer monitors list"' : `did you mean "${nearest}"?`;
  throw new AppError("not_found", `no monitor "${word}" is known: ${remedy}`);
}
