// Tickets: the proof that a server was handed to a monitor in a batch. Form, as the NTP Pool's:
//   <key version>-<base64url of HMAC-SHA-256(key, monitor id | batch id | address bytes | port)>
// The fields are joined by "|"; none but the address bytes can hold one, and their length follows from the rest, so no
// two lists of fields give the same text. The port is ours.

import { hash } from "node:crypto";
import { sameBytes } from "../http/token.ts";

export interface TicketFields {
  readonly monitorId: bigint;
  /** 26 characters. */
  readonly batchId: string;
  /** 4 or 16 bytes. */
  readonly addressBytes: Uint8Array;
  readonly port: number;
}

export interface TicketKey {
  readonly version: number;
  readonly key: Uint8Array;
}

/** A 10-digit version, a dash and 43 characters; with room to spare. */
const TICKET_BYTES_MAX = 64;
/** The database's integer: a greater version never was. */
const VERSION_MAX = 2 ** 31 - 1;
const AUTHENTICATOR_CHARACTERS = 43;
const TICKET = /^([1-9]\d{0,9})-([A-Za-z0-9_-]{43})$/;

export function createTicket(fields: TicketFields, key: TicketKey): Uint8Array {
  return Buffer.from(`${key.version}-${authenticator(fields, key)}`, "latin1");
}

/** A ticket as it is shown, by its form alone. */
export interface ShownTicket {
  readonly keyVersion: number;
  readonly authenticator: Buffer;
}

/** Absent: it is no ticket. */
export function parseTicket(ticket: Uint8Array): ShownTicket | undefined {
  if (ticket.length > TICKET_BYTES_MAX) return undefined;
  const bytes = Buffer.from(ticket.buffer, ticket.byteOffset, ticket.length);
  const match = TICKET.exec(bytes.toString("latin1"));
  const keyVersion = Number(match?.[1]);
  if (match === null || keyVersion > VERSION_MAX) return undefined;
  return { keyVersion, authenticator: bytes.subarray(-AUTHENTICATOR_CHARACTERS) };
}

/** Whether `ticket` is what `createTicket` made of the same fields and key; compares in constant time. */
export function ticketHolds(ticket: ShownTicket, fields: TicketFields, key: TicketKey): boolean {
  if (ticket.keyVersion !== key.version) return false;
  return sameBytes(ticket.authenticator, Buffer.from(authenticator(fields, key), "latin1"));
}

/**
 * HMAC-SHA-256 (RFC 2104) as base64url, by two one-shot hashes that give text: with buffers they cost four times as much,
 * and tickets are made and checked by the thousand.
 */
function authenticator(
  { monitorId, batchId, addressBytes, port }: TicketFields,
  key: TicketKey,
): string {
  const { inner, outer } = paddedKeys(key);
  const head = `${monitorId}|${batchId}|`;
  const tail = `|${port}`;
  const addressAt = BLOCK_BYTES + head.length;
  const tailAt = addressAt + addressBytes.length;
  const text = Buffer.allocUnsafe(tailAt + tail.length);
  text.set(inner);
  text.write(head, BLOCK_BYTES, "latin1");
  text.set(addressBytes, addressAt);
  text.write(tail, tailAt, "latin1");
  const outerText = Buffer.allocUnsafe(BLOCK_BYTES + DIGEST_BYTES);
  outerText.set(outer);
  outerText.write(hash("sha256", text, "latin1"), BLOCK_BYTES, "latin1");
  return hash("sha256", outerText, "base64url");
}

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

interface PaddedKeys {
  readonly inner: Buffer;
  readonly outer: Buffer;
}

/** By the key object, of which there is one a version. */
const padded = new WeakMap<TicketKey, PaddedKeys>();

function paddedKeys(ticketKey: TicketKey): PaddedKeys {
  const known = padded.get(ticketKey);
  if (known !== undefined) return known;
  const { key } = ticketKey;
  const block = Buffer.alloc(BLOCK_BYTES);
  block.set(key.length > BLOCK_BYTES ? hash("sha256", key, "buffer") : key);
  const made = {
    inner: Buffer.from(block.map((byte) => byte ^ INNER_PAD)),
    outer: Buffer.from(block.map((byte) => byte ^ OUTER_PAD)),
  };
  padded.set(ticketKey, made);
  return made;
}
