// One block of memory that the kernel reads and writes by address and JavaScript by view. It is never moved and lives
// as long as this object.

import { assert } from "@truechimer/base";
import koffi from "koffi";

const ALIGNMENT = 16;

/** A block with its address. Reserve from it once, at the start. */
export class NativeMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #base: number;
  #used = 0;

  constructor(sizeBytes: number) {
    const block = new ArrayBuffer(sizeBytes);
    this.bytes = new Uint8Array(block);
    this.view = new DataView(block);
    const base = Number(koffi.address(this.bytes));
    assert(Number.isSafeInteger(base) && base > 0, "the address of the block is a safe integer");
    this.#base = base;
  }

  /** Reserves zeroed bytes; returns their offset. Nothing is ever given back. */
  reserve(lengthBytes: number): number {
    const offset = this.#used;
    this.#used += Math.ceil(lengthBytes / ALIGNMENT) * ALIGNMENT;
    assert(this.#used <= this.bytes.length, "the block is large enough for all reservations");
    return offset;
  }

  /** What the kernel calls the byte at `offset`. */
  addressOf(offset: number): number {
    return this.#base + offset;
  }
}
