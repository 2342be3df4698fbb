// `truechimer alerts channels …`: the ways out.

import { alertsV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { type Command, Option } from "commander";
import {
  type CommandHost,
  type ConnectionOptions,
  examples,
  refuseWords,
  withConnectionOptions,
} from "../command-host.ts";
import { readSecretFile } from "../config/secret-file.ts";
import { EXIT } from "../exit-code.ts";
import { connectedToAlerts, printerFor } from "./admin-command.ts";
import { channelsNamed } from "./alert-options.ts";

const SECURITIES = {
  starttls: alertsV1.EmailSecurity.STARTTLS,
  tls: alertsV1.EmailSecurity.TLS,
  none: alertsV1.EmailSecurity.NONE,
} as const;
const DIGESTS = {
  off: alertsV1.DigestPeriod.OFF,
  daily: alertsV1.DigestPeriod.DAILY,
  weekly: alertsV1.DigestPeriod.WEEKLY,
} as const;

type Way = Exclude<
  NonNullable<
    Parameters<Awaited<ReturnType<typeof connectedToAlerts>>["saveAlertChannel"]>[0]["channel"]
  >["way"],
  undefined
>;

export function registerAlertChannels(host: CommandHost, alerts: Command): void {
  const channels = alerts.command("channels").description("whom a message goes to, and how");
  withConnectionOptions(channels.command("list", { isDefault: true }).allowExcessArguments())
    .description("channels, what was sent last, and why the last attempt failed")
    .action(async (options: ConnectionOptions, command: Command) => {
      refuseWords(command);
      const { printAlertChannels } = await import("../output/alert-rows.ts");
      const client = await connectedToAlerts(host, options);
      const { channels: rows } = await client.listAlertChannels({});
      await printAlertChannels(printerFor(host, options), rows, host.context.clock.nowNs());
      host.finish(EXIT.good);
    });
  registerAddEmail(host, channels);
  registerAddHttp(host, channels);
  withConnectionOptions(channels.command("test <channel>"))
    .description("sends a message that says it is a test")
    .action(async (word: string, options: ConnectionOptions) => {
      const client = await connectedToAlerts(host, options);
      const [id = 0n] = await channelsNamed(client, [word]);
      const { message } = await client.testAlertChannel({ id });
      const printer = printerFor(host, options);
      printer.line(`a test is on its way: "truechimer alerts channels" tells what became of it`);
      printer.json({ id: message?.id, key: message?.key });
      host.finish(EXIT.good);
    });
  withConnectionOptions(channels.command("remove <channel>"))
    .description("it is in no rule any more; what waits for it is given up")
    .action(async (word: string, options: ConnectionOptions) => {
      const client = await connectedToAlerts(host, options);
      const [id = 0n] = await channelsNamed(client, [word]);
      await client.removeAlertChannel({ id });
      const printer = printerFor(host, options);
      printer.line(`removed ${word}`);
      printer.json({ id, change: "removed" });
      host.finish(EXIT.good);
    });
}

interface DigestOptions {
  readonly digest: keyof typeof DIGESTS;
}

interface EmailOptions extends ConnectionOptions, DigestOptions {
  readonly server: string;
  readonly security: keyof typeof SECURITIES;
  readonly username: string;
  readonly passwordFile?: string;
  readonly from: string;
  readonly to: readonly string[];
}

function registerAddEmail(host: CommandHost, channels: Command): void {
  withDigestOption(withConnectionOptions(channels.command("add-email <name>")))
    .description("mail by SMTP")
    .requiredOption("--server <host[:port]>", "the mail server")
    .addOption(
      new Option("--security <security>", "none is for a mail server on this host")
        .choices(Object.keys(SECURITIES))
        .default("starttls"),
    )
    .option("--username <name>", "by default no login", "")
    .option("--password-file <file>", "file with the password (mode 0600)")
    .requiredOption("--from <address>", "such as alerts@example.net")
    .requiredOption("--to <addresses...>", "who is written to")
    .addHelpText(
      "after",
      examples([
        "truechimer alerts channels add-email mail --server localhost:25 --security none --from alerts@example.net --to ops@example.net",
        "by the mail server of this host",
      ]),
    )
    .action(async (name: string, options: EmailOptions) => {
      const { host: server, port } = serverOf(options.server);
      const { security, username, passwordFile, from, to } = options;
      await add(host, name, options, {
        case: "email",
        value: {
          host: server,
          port,
          security: SECURITIES[security],
          username,
          password:
            passwordFile === undefined ? "" : await readSecretFile("--password-file", passwordFile),
          from,
          to: [...to],
        },
      });
    });
}

interface HttpOptions extends ConnectionOptions, DigestOptions {
  readonly secretFile?: string;
  readonly private?: boolean;
}

function registerAddHttp(host: CommandHost, channels: Command): void {
  withDigestOption(withConnectionOptions(channels.command("add-webhook <name> <address>")))
    .description(
      "a POST of JSON, signed by Standard Webhooks; tells its key once unless you bring one",
    )
    .option("--secret-file <file>", "file with the key, whsec_… (mode 0600)")
    .option("--private", "private and loopback addresses may be connected to")
    .action(async (name: string, url: string, options: HttpOptions) => {
      const secret = await secretOf(options);
      await add(host, name, options, {
        case: "webhook",
        value: { url, secret, privateAllowed: options.private === true },
      });
    });
  withConnectionOptions(channels.command("add-alertmanager <name> <address>"))
    .description("the API of Prometheus Alertmanager, one alert an incident")
    .option("--secret-file <file>", "file with a bearer token (mode 0600)")
    .option("--private", "private and loopback addresses may be connected to")
    .action(async (name: string, url: string, options: Omit<HttpOptions, "digest">) => {
      const token = await secretOf(options);
      await add(
        host,
        name,
        { ...options, digest: "off" },
        {
          case: "alertmanager",
          value: { url, token, privateAllowed: options.private === true },
        },
      );
    });
}

async function secretOf({ secretFile }: Pick<HttpOptions, "secretFile">): Promise<string> {
  return secretFile === undefined ? "" : readSecretFile("--secret-file", secretFile);
}

function withDigestOption(command: Command): Command {
  return command.addOption(
    new Option("--digest <period>", "a summary: off, daily, weekly; at 08:00 UTC")
      .choices(Object.keys(DIGESTS))
      .default("off"),
  );
}

/** In the morning of most who read it. */
const DIGEST_MINUTE = 480;

async function add(
  host: CommandHost,
  name: string,
  options: ConnectionOptions & DigestOptions,
  way: Way,
): Promise<void> {
  const client = await connectedToAlerts(host, options);
  const { channel, secret } = await client.saveAlertChannel({
    channel: { name, way, digest: DIGESTS[options.digest], digestMinute: DIGEST_MINUTE },
  });
  const printer = printerFor(host, options);
  printer.line(secret === "" ? `added ${name}` : secret);
  printer.json({ id: channel?.id, name, ...(secret === "" ? {} : { secret }) });
  host.finish(EXIT.good);
}

function serverOf(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, port = "0"] =
    /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const name = bracketed ?? plain;
  if (name !== undefined) return { host: name, port: Number(port) };
  throw new AppError(
    "usage",
    `--server "${text}": expected a name or an address, and a port: smtp.example.net:587`,
  );
}
