// Whom to measure.

import type { IpAddress } from "@truechimer/base";

export interface Targets {
  readonly addresses: readonly IpAddress[];
  readonly port: number;
}
