// What may be shown of a database's address: never its password.

import { AppError } from "@truechimer/base";

const PORT_DEFAULT = "5432";

/** "host:port/name" of a postgres:// address. Fails with config_bad_value when it is none. */
export function describeDatabaseUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !["postgres:", "postgresql:"].includes(parsed.protocol)) {
    throw new AppError(
      "config_bad_value",
      "the database's address is not of the form postgres://user:password@host:5432/name: check DATABASE_URL",
    );
  }
  const socket = parsed.searchParams.get("host");
  const host = socket ?? (parsed.hostname === "" ? "localhost" : parsed.hostname);
  const port = parsed.port === "" ? PORT_DEFAULT : parsed.port;
  return `${host}:${port}${parsed.pathname}`;
}
