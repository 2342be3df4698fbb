import { expect, test } from "vitest";
import { type CheckedAcme } from "./acme-keys.ts";
import { type Config, validConfig } from "./config.ts";

function tlsOf(acme: CheckedAcme | undefined, listen: object = {}): Config["listen"]["tls"] {
  const values = {
    listen: { tls: "acme", public_url: "https://clocks.example.net", ...listen },
    ...(acme === undefined ? {} : { acme }),
  };
  return validConfig("server", { values, originOf: () => "the file" }).listen.tls;
}

test("the host of the public address is certified by Let's Encrypt, and asked for on port 80", () => {
  expect(tlsOf({ terms_agreed: true }, { host: "0.0.0.0" })).toEqual({
    kind: "acme",
    directoryUrl: "https://acme-v02.api.letsencrypt.org/directory",
    names: ["clocks.example.net"],
    challenges: { host: "0.0.0.0", port: 80 },
  });
});

test("another authority, further names, and another place for its questions", () => {
  const acme = {
    terms_agreed: true,
    directory_url: "https://ca.example.net:14000/dir",
    names: ["Zeit.example.net", "clocks.example.net", "zeit.example.net"],
    email: "clocks@example.net",
    eab_key_id: "kid-1",
    eab_hmac_key_file: "/etc/hmac.key",
    ca_file: "/etc/root.pem",
    http_host: "192.0.2.1",
    http_port: 8080,
  };
  expect(tlsOf(acme)).toEqual({
    kind: "acme",
    directoryUrl: "https://ca.example.net:14000/dir",
    names: ["zeit.example.net", "clocks.example.net"],
    email: "clocks@example.net",
    externalAccount: { keyId: "kid-1", hmacKeyFile: "/etc/hmac.key" },
    caFile: "/etc/root.pem",
    challenges: { host: "192.0.2.1", port: 8080 },
  });
});

test.each<{ name: string; acme?: CheckedAcme; listen?: object; says: string | RegExp }>([
  { name: "without agreed terms", acme: {}, says: /acme\.terms_agreed = true: read the terms/ },
  { name: "without the table", says: /acme\.terms_agreed = true/ },
  {
    name: "with half of an external account",
    acme: { terms_agreed: true, eab_key_id: "kid-1" },
    says: /acme\.eab_key_id and acme\.eab_hmac_key_file belong together/,
  },
  {
    name: "with a key identifier with a blank",
    acme: { terms_agreed: true, eab_key_id: "kid 1", eab_hmac_key_file: "/etc/hmac.key" },
    says: /acme\.eab_key_id: expected the key identifier as the authority gave it/,
  },
  {
    name: "without any name",
    acme: { terms_agreed: true },
    listen: { public_url: undefined },
    says: /needs a name: set listen\.public_url/,
  },
  {
    name: "with an address in place of a name",
    acme: { terms_agreed: true },
    listen: { public_url: "https://192.0.2.7" },
    says: /listen\.public_url: "192\.0\.2\.7" is an address: .*listen\.tls = "own"/,
  },
  {
    name: "with an IPv6 address in place of a name",
    acme: { terms_agreed: true },
    listen: { public_url: "https://[2001:db8::7]" },
    says: /is an address/,
  },
  {
    name: "with an address among the names",
    acme: { terms_agreed: true, names: ["clocks.example.net", "192.0.2.7"] },
    says: /acme\.names\[1\]: "192\.0\.2\.7" is an address/,
  },
  {
    name: "with a wildcard",
    acme: { terms_agreed: true, names: ["*.example.net"] },
    says: /is a wildcard, which HTTP-01 cannot prove/,
  },
  {
    name: "with half a name",
    acme: { terms_agreed: true, names: ["clocks"] },
    says: /"clocks" is no full host name/,
  },
  {
    name: "with names that leave the public one out",
    acme: { terms_agreed: true, names: ["other.example.net"] },
    says: /acme\.names has no "clocks\.example\.net"/,
  },
  {
    name: "with a directory that is not https",
    acme: { terms_agreed: true, directory_url: "http://ca.example.net/dir" },
    says: /acme\.directory_url: expected the https address of a directory/,
  },
  {
    name: "with too many names",
    acme: { terms_agreed: true, names: Array.from({ length: 11 }, (_, n) => `n${n}.example.net`) },
    says: /acme\.names: expected at most 10 names/,
  },
  {
    name: "with no mail address",
    acme: { terms_agreed: true, email: "clocks" },
    says: /acme\.email: expected an address such as/,
  },
  {
    name: "for another kind of TLS",
    acme: { terms_agreed: true },
    listen: { tls: "own" },
    says: /acme\.terms_agreed: listen\.tls is "own", and the table acme is for "acme"/,
  },
])("$name it is refused", ({ acme, listen, says }) => {
  expect(() => tlsOf(acme, listen)).toThrow(says);
});
