// The rows of a copy as they come from the socket. The driver's own parser makes an object and an event of each row,
// which takes longer than reading it; so during a copy its place at the socket is taken, and given back, with the bytes
// from there on, at the first message that is none of the copy's. PostgreSQL documentation, "Message Formats".
//
// The socket reads into one buffer, over and over: a new one for each read is gone a moment later, and making and
// collecting gigabytes of them takes as long as parsing what is in them.

import { Socket } from "node:net";
import type pg from "pg";

/** A piece that holds whole rows; valid during the call. */
export type CopyPiece = (bytes: Buffer, from: number, to: number) => void;

const COPY_DATA = 0x64;
const COPY_OUT_RESPONSE = 0x48;
const COPY_DONE = 0x63;
const LENGTH_AT = 1;
const HEADER_BYTES = 5;

/** Read at once: as much as lies ready behind a reader that is busy packing. */
const READ_BYTES_MAX = 256 * 1_024;

/** What is emitted as data during a copy is valid during the call. Not for TLS, which takes the socket's place. */
export class CopySocket extends Socket {
  isCopying = false;

  constructor() {
    super({
      onread: {
        buffer: Buffer.allocUnsafeSlow(READ_BYTES_MAX),
        callback: (length, buffer) => {
          const piece = (buffer as Buffer).subarray(0, length);
          this.emit("data", this.isCopying ? piece : Buffer.from(piece));
          return true;
        },
      },
    });
  }
}

type DataListener = (bytes: Buffer) => void;

/** What of the driver is used beyond its types. */
type Connection = pg.Connection & { readonly stream: Socket };

/** Resolves when the copy has ended. What the database refuses is the driver's error. */
export function copyRows(client: pg.Client, text: string, take: CopyPiece): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query({
      submit: (connection: Connection) => {
        takeOver(connection.stream, take, reject);
        connection.query(text);
      },
      // Where another message came in between the driver reads the rest.
      handleCopyData: ({ chunk }: { readonly chunk: Buffer }) => take(chunk, 0, chunk.length),
      handleCommandComplete: () => undefined,
      handleReadyForQuery: () => resolve(),
      handleError: (error: Error) => reject(error),
    } as unknown as pg.Submittable);
  });
}

const NOTHING = Buffer.alloc(0);

function takeOver(stream: Socket, take: CopyPiece, onFailure: (error: Error) => void): void {
  const driver = stream.listeners("data") as DataListener[];
  /** The beginning of a message whose end has not come yet. */
  let begun: Buffer = NOTHING;
  const give = (bytes: Buffer): void => {
    if (stream instanceof CopySocket) stream.isCopying = false;
    stream.off("data", read);
    for (const listener of driver) stream.on("data", listener);
    // A copy, which the driver may keep.
    const kept = Buffer.from(bytes);
    for (const listener of driver) listener(kept);
  };
  const readAll = (piece: Buffer): void => {
    let bytes = piece;
    // The message that lies across two pieces is put together alone: the rest of the piece is read where it lies.
    while (begun.length > 0 && !isWhole(begun)) {
      if (bytes.length === 0) return;
      const added = bytes.subarray(0, wantedBytes(begun) - begun.length);
      begun = Buffer.concat([begun, added]);
      bytes = bytes.subarray(added.length);
    }
    if (takeMessages(begun, take).kind === "other") {
      give(Buffer.concat([begun, bytes]));
      return;
    }
    const end = takeMessages(bytes, take);
    begun = end.kind === "other" ? NOTHING : Buffer.from(bytes.subarray(end.at));
    if (end.kind === "other") give(bytes.subarray(end.at));
  };
  const read = (piece: Buffer): void => {
    try {
      readAll(piece);
    } catch (error) {
      // A row that cannot be read: whoever asked closes the connection.
      onFailure(error as Error);
      stream.destroy();
    }
  };
  for (const listener of driver) stream.off("data", listener);
  if (stream instanceof CopySocket) stream.isCopying = true;
  stream.on("data", read);
}

function isWhole(begun: Buffer): boolean {
  return begun.length >= HEADER_BYTES && begun.length >= wantedBytes(begun);
}

/** Of a message, or of its head while that is not there. */
function wantedBytes(begun: Buffer): number {
  if (begun.length < HEADER_BYTES) return HEADER_BYTES;
  return LENGTH_AT + begun.readInt32BE(LENGTH_AT);
}

/** How far it came: to a message that is not whole yet, or to one of another kind. */
function takeMessages(
  bytes: Buffer,
  take: CopyPiece,
): { readonly kind: "whole" | "other"; readonly at: number } {
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length) {
    const code = bytes[at];
    if (code !== COPY_DATA && code !== COPY_OUT_RESPONSE && code !== COPY_DONE)
      return { kind: "other", at };
    const end = at + LENGTH_AT + bytes.readInt32BE(at + LENGTH_AT);
    if (end > bytes.length) break;
    if (code === COPY_DATA) take(bytes, at + HEADER_BYTES, end);
    at = end;
  }
  return { kind: "whole", at };
}
