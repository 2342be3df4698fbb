// Offset and delay worked out from the four stamps, step by step. RFC 5905, section 8.

export interface Stamps {
  readonly t1: bigint;
  readonly t2: bigint;
  readonly t3: bigint;
  readonly t4: bigint;
}

export interface ExchangeArithmetic {
  /** T2 − T1: the way there, on two clocks. */
  readonly thereNs: bigint;
  /** T3 − T4: the way back, on two clocks, negative by custom. */
  readonly backNs: bigint;
  readonly offsetNs: bigint;
  /** T4 − T1: the whole of it by the agent's clock. */
  readonly wholeNs: bigint;
  /** T3 − T2: the server's own time. */
  readonly insideNs: bigint;
  readonly delayNs: bigint;
}

/** Works them out; half nanoseconds are rounded towards zero. */
export function workOut({ t1, t2, t3, t4 }: Stamps): ExchangeArithmetic {
  const thereNs = t2 - t1;
  const backNs = t3 - t4;
  const wholeNs = t4 - t1;
  const insideNs = t3 - t2;
  return {
    thereNs,
    backNs,
    offsetNs: (thereNs + backNs) / 2n,
    wholeNs,
    insideNs,
    delayNs: wholeNs - insideNs,
  };
}

/** Where the stamps stand between T1 (0) and T4 (1), if both ways took equally long. */
export interface ExchangePlaces {
  readonly t2: number;
  readonly t3: number;
  /** False: the server's time was too short to be drawn true. */
  readonly toScale: boolean;
}

/** So much of the width at least lies between any two stamps. */
const GAP_MIN = 0.16;

/** Places T2 and T3 by the agent's clock, that is with the offset taken out. */
export function exchangePlaces(stamps: Stamps): ExchangePlaces {
  const { wholeNs, insideNs, delayNs } = workOut(stamps);
  if (wholeNs <= 0n) return { t2: 0.4, t3: 0.6, toScale: false };
  const there = Number(delayNs) / 2 / Number(wholeNs);
  const inside = Number(insideNs) / Number(wholeNs);
  const toScale = there >= GAP_MIN && inside >= GAP_MIN;
  if (toScale) return { t2: there, t3: there + inside, toScale };
  const shown = Math.min(1 - 2 * GAP_MIN, Math.max(GAP_MIN, inside));
  return { t2: (1 - shown) / 2, t3: (1 + shown) / 2, toScale: false };
}
