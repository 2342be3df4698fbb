// Numbers for keys of two ids each, in typed arrays: a look-up allocates nothing and costs a few nanoseconds, and what
// the table takes is known to the byte. Open addressing with linear probing, at most half full.

const SLOTS_FIRST = 16;
const BYTES_PER_SLOT = 4;
const BYTES_PER_KEY = 16;

/** Ordinals from 0, in the order in which the keys came. */
export class OrdinalTable {
  /** Ordinal + 1; 0: free. */
  #slots = new Uint32Array(SLOTS_FIRST);
  #first = new Float64Array(SLOTS_FIRST / 2);
  #second = new Float64Array(SLOTS_FIRST / 2);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#slots.length * BYTES_PER_SLOT + this.#first.length * BYTES_PER_KEY;
  }

  /** The ids by ordinal; what lies beyond `length` is not in use. Another array once the table has grown. */
  get first(): Float64Array {
    return this.#first;
  }

  get second(): Float64Array {
    return this.#second;
  }

  /** -1: the key never came. */
  find(first: number, second: number): number {
    return (this.#slots[this.#slotOf(first, second)] as number) - 1;
  }

  /** The key's ordinal, which is `length` before the call where it is new. */
  add(first: number, second: number): number {
    const slot = this.#slotOf(first, second);
    const held = this.#slots[slot] as number;
    if (held !== 0) return held - 1;
    const ordinal = this.#length;
    this.#first[ordinal] = first;
    this.#second[ordinal] = second;
    this.#slots[slot] = ordinal + 1;
    this.#length += 1;
    if (this.#length === this.#first.length) this.#grow();
    return ordinal;
  }

  /** Where the key is, or where it belongs. */
  #slotOf(first: number, second: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash(first, second) & mask;
    for (;;) {
      const ordinal = (slots[slot] as number) - 1;
      if (ordinal < 0) return slot;
      if (this.#first[ordinal] === first && this.#second[ordinal] === second) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    this.#first = doubled(this.#first);
    this.#second = doubled(this.#second);
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let ordinal = 0; ordinal < this.#length; ordinal += 1) {
      const slot = this.#slotOf(this.#first[ordinal] as number, this.#second[ordinal] as number);
      this.#slots[slot] = ordinal + 1;
    }
  }
}

function doubled(values: Float64Array): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(values.length * 2);
  grown.set(values);
  return grown;
}

/** Spreads the low 32 bits of both ids: whatever runs of numbers they are. */
function hash(first: number, second: number): number {
  const mixed = Math.imul(first | 0, 0x9e37_79b1) ^ Math.imul(second | 0, 0x85eb_ca6b);
  return Math.imul(mixed ^ (mixed >>> 15), 0x2c1b_3c6d) >>> 8;
}
