// Numbers of more than a byte in a packet's header, read and written without a view of the packet itself: to be viewed, the
// memory of a small array has to leave the heap and become a buffer of its own, at more than twice the size and with a
// clean-up of its own. A copy of 48 bytes costs nothing beside that.

const HEADER_BYTES = 48;

const header = new Uint8Array(HEADER_BYTES);
const view = new DataView(header.buffer);

/** The first 48 bytes, of which there must be as many. Valid until the next call of a function of this file. */
export function viewOfHeader(bytes: Uint8Array): DataView {
  header.set(bytes.length === HEADER_BYTES ? bytes : bytes.subarray(0, HEADER_BYTES));
  return view;
}

/** Writes 64 bits, the highest first. */
export function putTimestamp(bytes: Uint8Array, offset: number, value: bigint): void {
  view.setBigUint64(0, value);
  for (let index = 0; index < 8; index += 1) bytes[offset + index] = header[index] ?? 0;
}
