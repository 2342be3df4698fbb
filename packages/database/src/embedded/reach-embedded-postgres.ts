// The PostgreSQL of a data directory for a visit: the one that runs there, else started for that long.

import { AppError } from "@truechimer/base";
import {
  createEmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from "./create-embedded-postgres.ts";
import { databaseUrl, readCredentials } from "./credentials.ts";
import { clusterExists } from "./init-cluster.ts";
import { choosePlace } from "./place.ts";
import { findPlatformBinaries } from "./platform-binaries.ts";

/** Disposing stops what was started, and leaves alone what ran. */
export interface ReachedPostgres extends AsyncDisposable {
  /** postgres://…, with the password: not for logs. */
  readonly url: string;
  /** False: it ran already, and somebody else works in it. */
  readonly isStarted: boolean;
}

/** Fails with not_found where there is no database yet, else as `createEmbeddedPostgres` does. */
export async function reachEmbeddedPostgres(
  options: Pick<EmbeddedPostgresOptions, "preferredDir" | "say">,
): Promise<ReachedPostgres> {
  const place = await choosePlace({ ...options, binaries: findPlatformBinaries() });
  if (!clusterExists(place)) {
    throw new AppError(
      "not_found",
      `there is no database in ${place.directory}: name the data directory that "truechimer up" uses with --data-dir, or set DATABASE_URL`,
    );
  }
  try {
    const started = await createEmbeddedPostgres(options);
    return {
      url: started.url,
      isStarted: true,
      [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
    };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "directory_in_use") throw error;
    const credentials = readCredentials(place.directory);
    if (credentials === undefined) throw error;
    return {
      url: databaseUrl(credentials),
      isStarted: false,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
}
