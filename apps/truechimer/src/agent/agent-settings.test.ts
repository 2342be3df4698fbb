import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  type AgentFlags,
  type AgentSettings,
  loadAgentSettings,
  typedCommand,
} from "./agent-settings.ts";

/** A defaults file of this test's own, so that one of the host has no part in it. */
async function load(
  flags: AgentFlags,
  variables: Readonly<Record<string, string>> = {},
  defaults = "",
): Promise<AgentSettings> {
  const directory = await mkdtemp(join(tmpdir(), "truechimer-settings-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, "defaults");
  await writeFile(file, defaults);
  const env = { TRUECHIMER_AGENT_DEFAULTS: file, HOME: "/var/empty", ...variables };
  return loadAgentSettings(flags, { env });
}

test("without any setting: prod, both families, below the home directory, no metrics", async () => {
  const settings = await load({});
  expect(settings).toMatchObject({
    environment: "prod",
    families: ["v4", "v6"],
    metricsListen: undefined,
    allowPrivateTargets: false,
    logLevel: "info",
  });
  expect(settings.directory).toMatch(/truechimer-agent\/prod$/);
});

test.each([
  { name: "MONITOR_STATE_DIR", variables: { MONITOR_STATE_DIR: "/var/lib/agent" } },
  { name: "STATE_DIRECTORY of systemd", variables: { STATE_DIRECTORY: "/var/lib/agent" } },
  { name: "the defaults file", defaults: "MONITOR_STATE_DIR='/var/lib/agent' # packages\n" },
  {
    name: "--state-dir, whatever the variables say",
    flags: { stateDir: "/var/lib/agent" },
    variables: { MONITOR_STATE_DIR: "/elsewhere" },
  },
])("the state directory is named by $name", async ({ flags, variables, defaults }) => {
  const settings = await load(flags ?? {}, variables, defaults);
  expect(settings.directory).toBe("/var/lib/agent/prod");
});

test.each([
  { text: "test", environment: "test" },
  { text: "beta", environment: "test" },
  { text: "dev", environment: "devel" },
])(
  "the environment may be spelled $text, by option or DEPLOYMENT_MODE",
  async ({ text, environment }) => {
    expect((await load({ env: text })).environment).toBe(environment);
    expect((await load({}, { DEPLOYMENT_MODE: text })).environment).toBe(environment);
  },
);

test("the NTP Pool's hosts are taken from its variables", async () => {
  const { hosts } = await load(
    {},
    { API_HOST: "https://api.example", DEVEL_API_SERVER: "https://rpc.example" },
  );
  expect(hosts).toMatchObject({
    apiHost: "https://api.example",
    connectHost: "https://rpc.example",
  });
});

test("families, sources of probes and the metrics' address", async () => {
  const settings = await load({ ipv6: false, bind: ["192.0.2.1"], metricsListen: "[::1]:9182" });
  expect(settings.families).toEqual(["v4"]);
  expect(settings.localAddresses.v4?.text).toBe("192.0.2.1");
  expect(settings.metricsListen).toEqual({ host: "::1", port: 9182 });
});

test.each([
  {
    name: "an environment",
    flags: { env: "production" },
    message: /^--env: "production" is not an environment/,
  },
  {
    name: "no family",
    flags: { ipv4: false, ipv6: false },
    message: /^neither IPv4 nor IPv6 is left/,
  },
  {
    name: "a server",
    flags: { server: "pool.example" },
    message: /^--server: "pool\.example" is no address: expected https/,
  },
  { name: "a source", flags: { bind: ["eth0"] }, message: /^--bind: "eth0" is not an IP address/ },
  {
    name: "two sources of a family",
    flags: { bind: ["192.0.2.1", "192.0.2.2"] },
    message: /^--bind: 192\.0\.2\.2 is a second IPv4/,
  },
  {
    name: "a metrics address",
    flags: { metricsListen: "9182" },
    message: /^--metrics-listen: "9182" is no address to listen on/,
  },
  {
    name: "a level",
    flags: { logLevel: "loud" },
    message: /^--log-level: "loud" is no level: expected one of debug, info/,
  },
  {
    name: "a file of certificates",
    flags: { caFile: "/nowhere/ca.pem" },
    message: /^--ca-file: \/nowhere\/ca\.pem cannot be read/,
  },
])("$name that cannot be is refused, with the option that named it", async ({ flags, message }) => {
  await expect(load(flags)).rejects.toThrow(message);
});

test("a wrong variable is named as such", async () => {
  await expect(load({}, { MONITOR_LOG_LEVEL: "loud" })).rejects.toThrow(
    /^environment variable MONITOR_LOG_LEVEL: "loud" is no level/,
  );
});

test("a command to be typed has its directory in quotes", () => {
  const settings = { environment: "test", stateDirectory: "/srv/it's here" } as const;
  expect(typedCommand("truechimer-agent run", settings)).toBe(
    String.raw`truechimer-agent run --env test --state-dir '/srv/it'\''s here'`,
  );
});
