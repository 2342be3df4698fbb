// An address and port as the name of a server that has no other, and in sentences.

const NTP_PORT = 123;

/** "192.0.2.1", "192.0.2.1:1123", "[2001:db8::1]:1123"; the port only where it is not 123. */
export function addressName(address: string, port: number): string {
  if (port === NTP_PORT) return address;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

export interface LabelledServer {
  readonly name: string;
  readonly ip: string;
  readonly port: number;
}

/** "ntp.example (192.0.2.1)", "192.0.2.1:1123". */
export function serverLabel({ name, ip, port }: LabelledServer): string {
  const place = addressName(ip, port);
  if (name === place) return name;
  return name.endsWith(`:${port}`) ? `${name} (${ip})` : `${name} (${place})`;
}
