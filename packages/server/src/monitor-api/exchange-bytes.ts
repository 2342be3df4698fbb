// The exchanges of a submission in the bytes that they came in, so that they are stored without being encoded again.
// Protocol Buffers, "Encoding"; the request has been decoded before, so it is well formed.

/** Of each status of `SubmitResultsRequest.list` its `responses`, in their order. Absent: there is something in it that no agent sends. */
export function exchangeBytes(request: Uint8Array): readonly (readonly Uint8Array[])[] | undefined {
  const list: Uint8Array[][] = [];
  const isRead = eachField(request, LIST, (status) => {
    const exchanges: Uint8Array[] = [];
    list.push(exchanges);
    return eachField(status, RESPONSES, (exchange) => exchanges.push(exchange) > 0);
  });
  return isRead ? list : undefined;
}

/** SubmitResultsRequest.list. */
const LIST = 3;
/** ServerStatus.responses. */
const RESPONSES = 11;

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;
const TYPE_BITS = 3;
const TYPE_MASK = 0b111;

/** Gives each length-delimited field of this number. False: it came upon another wire type, or `take` said so. */
function eachField(
  message: Uint8Array,
  wanted: number,
  take: (value: Uint8Array) => boolean,
): boolean {
  const cursor = { at: 0 };
  while (cursor.at < message.length) {
    const tag = readVarint(message, cursor);
    const type = tag & TYPE_MASK;
    if (type === LENGTH_DELIMITED) {
      const length = readVarint(message, cursor);
      const start = cursor.at;
      cursor.at += length;
      const isWanted = tag >>> TYPE_BITS === wanted;
      if (isWanted && !take(message.subarray(start, cursor.at))) return false;
    } else if (type === VARINT) readVarint(message, cursor);
    else if (type === FIXED_64) cursor.at += 8;
    else if (type === FIXED_32) cursor.at += 4;
    else return false;
  }
  return cursor.at === message.length;
}

const MORE = 0x80;
const SEVEN_BITS = 0x7f;
const VARINT_SHIFT_MAX = 28;

/** Its lower 32 bits: tags and lengths have no more. */
function readVarint(bytes: Uint8Array, cursor: { at: number }): number {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[cursor.at] ?? 0;
    cursor.at += 1;
    if (shift <= VARINT_SHIFT_MAX) value |= (byte & SEVEN_BITS) << shift;
    if (byte < MORE) return value >>> 0;
  }
}
