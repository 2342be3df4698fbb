// What a person types to add a server: a name or an address, with an optional port.

import { type IpAddress, ok, parseIpAddress, type Result, refused } from "@truechimer/base";

export type ParsedTarget =
  | { readonly kind: "address"; readonly address: IpAddress; readonly port: number }
  | { readonly kind: "name"; readonly name: string; readonly port: number };

const NTP_PORT = 123;
const PORT_MAX = 65_535;
const TARGET_CHARACTERS_MAX = 300;
const NAME_CHARACTERS_MAX = 253;
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
const EXPECTED =
  "expected a name or an address, such as ntp.example, 192.0.2.1:1123 or [2001:db8::1]:123";

export function parseTarget(text: string): Result<ParsedTarget, string> {
  const target = text.trim();
  if (target === "") return refused(`the target is empty: ${EXPECTED}`);
  if (target.length > TARGET_CHARACTERS_MAX) return refused(`the target is too long: ${EXPECTED}`);
  const bracketed = /^\[([^\]]+)\](?::(\d{1,6}))?$/.exec(target);
  if (bracketed !== null) return addressTarget(bracketed[1] ?? "", bracketed[2]);
  const bare = parseIpAddress(target);
  if (bare.ok) return ok({ kind: "address", address: bare.value, port: NTP_PORT });
  const withPort = /^([^:]+)(?::(\d{1,6}))?$/.exec(target);
  if (withPort === null) return refused(`"${target}" is no target: ${EXPECTED}`);
  const [, host = "", port] = withPort;
  if (/^[\d.]+$/.test(host)) return addressTarget(host, port);
  return nameTarget(host, port);
}

function addressTarget(host: string, portText: string | undefined): Result<ParsedTarget, string> {
  const address = parseIpAddress(host);
  if (!address.ok) return refused(address.error);
  const port = parsePort(portText);
  return port.ok ? ok({ kind: "address", address: address.value, port: port.value }) : port;
}

function nameTarget(host: string, portText: string | undefined): Result<ParsedTarget, string> {
  const name = host.toLowerCase().replace(/\.$/, "");
  const valid =
    name.length <= NAME_CHARACTERS_MAX && name.split(".").every((label) => LABEL.test(label));
  if (!valid) return refused(`"${host}" is no host name: ${EXPECTED}`);
  const port = parsePort(portText);
  return port.ok ? ok({ kind: "name", name, port: port.value }) : port;
}

function parsePort(text: string | undefined): Result<number, string> {
  if (text === undefined) return ok(NTP_PORT);
  const port = Number(text);
  return port >= 1 && port <= PORT_MAX
    ? ok(port)
    : refused(`"${text}" is no port: expected 1 to ${PORT_MAX}`);
}
