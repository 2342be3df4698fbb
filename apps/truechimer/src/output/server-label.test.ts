import { expect, test } from "vitest";
import { endpointText, serverLabel } from "./server-label.ts";

test.each([
  { address: "192.0.2.1", port: 123, text: "192.0.2.1" },
  { address: "192.0.2.1", port: 1123, text: "192.0.2.1:1123" },
  { address: "2001:db8::1", port: 123, text: "2001:db8::1" },
  { address: "2001:db8::1", port: 1123, text: "[2001:db8::1]:1123" },
])("$address port $port is written $text", ({ address, port, text }) => {
  expect(endpointText(address, port)).toBe(text);
});

test("a server that was added by its address is not named twice", () => {
  const server = { name: "192.0.2.1", address: "192.0.2.1", port: 1123 };
  expect(serverLabel(server)).toBe("192.0.2.1:1123");
  expect(serverLabel({ ...server, name: "ntp1" })).toBe("ntp1 (192.0.2.1:1123)");
});
