// Randomness as an argument: the system's for real use, a seeded one for simulations that one number must replay.

/** A source of chance: the system's, or a seeded one that replays. */
export interface Random {
  /** `length` bytes that nobody can predict (except from an `unsafelyDeterministicRandom`). */
  bytes(length: number): Uint8Array;
  /** Uniform in [0, 1). For jitter and choice, never for secrets. */
  fraction(): number;
}

/** Taken from the system at once: a call costs more than the bytes. */
const POOL_BYTES = 1_024;

/** The operating system's generator. */
export const systemRandom: Random = createSystemRandom();

function createSystemRandom(): Random {
  let pool: Uint8Array<ArrayBuffer> | undefined;
  let used = POOL_BYTES;
  const bytes = (length: number): Uint8Array => {
    if (length > POOL_BYTES) return crypto.getRandomValues(new Uint8Array(length));
    pool ??= new Uint8Array(POOL_BYTES);
    if (used + length > POOL_BYTES) {
      crypto.getRandomValues(pool);
      used = 0;
    }
    const taken = pool.slice(used, used + length);
    // Nobody who reads this memory later learns what was handed out.
    pool.fill(0, used, used + length);
    used += length;
    return taken;
  };
  return {
    bytes,
    fraction: () => {
      const words = new DataView(bytes(8).buffer);
      return fractionFromWords(words.getUint32(0), words.getUint32(4));
    },
  };
}

/** The same stream for the same seed (xoshiro128**). Predictable: for simulations and tests alone. */
export function unsafelyDeterministicRandom(seed: number): Random {
  const next = xoshiro128(seed);
  return {
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
    fraction: () => fractionFromWords(next(), next()),
  };
}

const FRACTION_BITS = 53;

function fractionFromWords(high: number, low: number): number {
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** FRACTION_BITS;
}

function xoshiro128(seed: number): () => number {
  const state = new Uint32Array(4);
  let mixed = seed >>> 0;
  for (let i = 0; i < state.length; i += 1) {
    mixed = (mixed + 0x9e3779b9) >>> 0;
    let word = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    state[i] = word ^ (word >>> 16);
  }
  const rotated = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));
  return () => {
    const [a = 0, b = 0, c = 0, d = 0] = state;
    const result = Math.imul(rotated(Math.imul(b, 5), 7), 9) >>> 0;
    const mixedC = c ^ a;
    const mixedD = d ^ b;
    state[0] = a ^ mixedD;
    state[1] = b ^ mixedC;
    state[2] = mixedC ^ (b << 9);
    state[3] = rotated(mixedD, 11);
    return result;
  };
}
