import { expect, test } from "vitest";
import { passkeySite } from "./passkey-site.ts";

test.each([
  { url: "https://clocks.example", id: "clocks.example", origin: "https://clocks.example" },
  {
    url: "https://Clocks.Example:8443",
    id: "clocks.example",
    origin: "https://clocks.example:8443",
  },
  { url: "http://localhost:8123", id: "localhost", origin: "http://localhost:8123" },
  { url: "http://lab.localhost:8123", id: "lab.localhost", origin: "http://lab.localhost:8123" },
  // The listener's own address on this host has a name as well.
  { url: "http://127.0.0.1:8123", id: "localhost", origin: "http://localhost:8123" },
  { url: "https://127.9.8.7", id: "localhost", origin: "https://localhost" },
  { url: "http://[::1]:8123", id: "localhost", origin: "http://localhost:8123" },
])("passkeys of $url are those of $id", ({ url, id, origin }) => {
  expect(passkeySite(url)).toEqual({ id, origin });
});

test.each([
  "https://192.0.2.7",
  "https://192.0.2.7:8443",
  "https://[2001:db8::7]",
  "http://0.0.0.0:8123",
  // A number is an address, too.
  "https://3221225991",
  "http://clocks.example",
  "http://notlocalhost",
])("there are none at %s", (url) => {
  expect(passkeySite(url)).toBeUndefined();
});
