// What may be asked of the network, by exchanges and traceroutes alike.

import { AppError, type IpAddress } from "@truechimer/base";
import { TIMEOUT_MS_MAX } from "./limits.ts";

const PORT_MAX = 65_535;

/** Whom to ask, from where, and how long to wait. */
export interface AskedEndpoint {
  readonly address: IpAddress;
  readonly port: number;
  readonly timeoutMs: number;
  readonly localAddress?: IpAddress | undefined;
}

/** Throws AppError `bad_request` with what is wrong. */
export function checkEndpoint({ address, port, timeoutMs, localAddress }: AskedEndpoint): void {
  const problem =
    port < 1 || port > PORT_MAX || !Number.isInteger(port)
      ? `port ${port} must be within 1 and ${PORT_MAX}`
      : !(timeoutMs > 0 && timeoutMs <= TIMEOUT_MS_MAX)
        ? `timeout ${timeoutMs}ms must be above 0 and at most ${TIMEOUT_MS_MAX}`
        : localAddress !== undefined && localAddress.family !== address.family
          ? `local address ${localAddress.text} must be of the family of ${address.text}`
          : undefined;
  if (problem !== undefined) throw new AppError("bad_request", problem);
}
