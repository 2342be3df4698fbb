// Tickets: the proof that a server was handed to a monitor in a batch. Form, as the NTP Pool's:
//   <key version>-<base64url of HMAC-SHA-256(key, monitor id | batch id | address bytes | port)>
// The fields are joined by "|"; none but the address bytes can hold one, and their length follows from the rest, so no
// two lists of fields give the same text. The port is ours.

import { createHmac } from "node:crypto";
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
const TICKET = /^([1-9]\d{0,9})-([A-Za-z0-9_-]{43})$/;

export function createTicket(fields: TicketFields, key: TicketKey): Uint8Array {
  return Buffer.from(`${key.version}-${authenticator(fields, key).toString("base64url")}`, "ascii");
}

/** The key version that a ticket names. Absent: it is no ticket. */
export function ticketKeyVersion(ticket: Uint8Array): number | undefined {
  const version = parseTicket(ticket)?.[1];
  return version === undefined || Number(version) > VERSION_MAX ? undefined : Number(version);
}

/** Whether `ticket` is what `createTicket` made of the same fields and key; compares in constant time. */
export function ticketHolds(ticket: Uint8Array, fields: TicketFields, key: TicketKey): boolean {
  const match = parseTicket(ticket);
  if (match?.[2] === undefined || Number(match[1]) !== key.version) return false;
  return sameBytes(Buffer.from(match[2], "base64url"), authenticator(fields, key));
}

function parseTicket(ticket: Uint8Array): RegExpExecArray | undefined {
  if (ticket.length > TICKET_BYTES_MAX) return undefined;
  return TICKET.exec(Buffer.from(ticket).toString("latin1")) ?? undefined;
}

function authenticator(fields: TicketFields, key: TicketKey): Buffer {
  return createHmac("sha256", key.key)
    .update(`${fields.monitorId}|${fields.batchId}|`)
    .update(fields.addressBytes)
    .update(`|${fields.port}`)
    .digest();
}
