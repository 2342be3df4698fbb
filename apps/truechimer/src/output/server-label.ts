// A server in a few words.

import type { adminV1 } from "@truechimer/api";
import { printable } from "./style.ts";

/** NTP's own port goes without saying. */
const NTP_PORT = 123;

/** "192.0.2.1", "192.0.2.1:1123", "[2001:db8::1]:1123" */
export function endpointText(address: string, port: number): string {
  if (port === NTP_PORT) return address;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** "time.example.net (192.0.2.1)", or the endpoint alone when the server was added by its address. */
export function serverLabel(server: Pick<adminV1.Server, "name" | "address" | "port">): string {
  const endpoint = endpointText(server.address, server.port);
  const name = printable(server.name);
  return name === server.address || name === endpoint ? endpoint : `${name} (${endpoint})`;
}
