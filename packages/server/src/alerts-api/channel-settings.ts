// What a request says of a channel's way, checked; and the other way round.

import { create } from "@bufbuild/protobuf";
import { alertsV1 } from "@truechimer/api";
import { AppError, parseIpAddress, unreachable } from "@truechimer/base";
import type { DigestName } from "@truechimer/database";
import type { ChannelSettings, EmailSettings, HttpSettings } from "../alerts/channel.ts";
import { refusedLiteral } from "../alerts/post-json.ts";
import { WEBHOOK_SECRET_PREFIX } from "../alerts/send-webhook.ts";
import { DIGESTS, SECURITIES, wordOf } from "./alert-words.ts";

export interface CheckedWay {
  readonly way: ChannelSettings;
  /** Empty: none was sent. */
  readonly secret: string;
}

/** RFC 5321, section 4.5.3.1.3. */
const ADDRESS_CHARACTERS_MAX = 254;
const RECIPIENTS_MAX = 50;
const SECRET_CHARACTERS_MAX = 1_000;
const HOST = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.?$/i;
/** What a person writes; whether it exists only the mail server knows. */
const MAIL_ADDRESS = /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/;
const MAILBOX = /^(?:[^<>@,;:"\r\n]{0,100} )?<([^<>\s]+)>$/;
const PORTS = { starttls: 587, tls: 465, none: 25 } as const;
const PORT_MAX = 65_535;
const MINUTE_MAX = 1_439;
const URL_CHARACTERS_MAX = 2_000;
/** Standard Webhooks, "Symmetric". */
const KEY_BYTES_MIN = 24;
const KEY_BYTES_MAX = 64;

export function checkedWay({ way }: alertsV1.AlertChannel): CheckedWay {
  switch (way.case) {
    case "email":
      return {
        way: { kind: "email", settings: checkedEmail(way.value) },
        secret: checkedSecret(way.value.password),
      };
    case "webhook":
      return {
        way: { kind: "webhook", settings: checkedHttp("webhook", way.value) },
        secret: checkedWebhookSecret(way.value.secret),
      };
    case "alertmanager":
      return {
        way: { kind: "alertmanager", settings: checkedHttp("alertmanager", way.value) },
        secret: checkedToken(way.value.token),
      };
    default:
      throw bad("the channel has no way out", "one of email, webhook, alertmanager");
  }
}

export function checkedDigest(
  { digest: asked, digestMinute }: alertsV1.AlertChannel,
  { kind }: ChannelSettings,
): { readonly digest: DigestName; readonly digest_minute: number } {
  const digest = wordOf(DIGESTS, asked) ?? "off";
  if (digestMinute > MINUTE_MAX) throw bad(`digest_minute ${digestMinute}`, `0 to ${MINUTE_MAX}`);
  if (kind === "alertmanager" && digest !== "off")
    throw bad(`digest ${digest}`, "off for Alertmanager");
  return { digest, digest_minute: digestMinute };
}

export function wayMessage(way: ChannelSettings): alertsV1.AlertChannel["way"] {
  switch (way.kind) {
    case "email": {
      const { security, ...rest } = way.settings;
      return {
        case: "email",
        value: create(alertsV1.EmailSettingsSchema, {
          ...rest,
          to: [...rest.to],
          security: SECURITIES[security],
        }),
      };
    }
    case "webhook":
      return { case: "webhook", value: create(alertsV1.WebhookSettingsSchema, way.settings) };
    case "alertmanager":
      return {
        case: "alertmanager",
        value: create(alertsV1.AlertmanagerSettingsSchema, way.settings),
      };
    default:
      return unreachable(way);
  }
}

function checkedHttp(
  field: string,
  { url, privateAllowed }: { readonly url: string; readonly privateAllowed: boolean },
): HttpSettings {
  const parsed = url.length <= URL_CHARACTERS_MAX ? URL.parse(url) : null;
  const isHttp = parsed?.protocol === "https:" || parsed?.protocol === "http:";
  if (
    parsed === null ||
    !isHttp ||
    parsed.username !== "" ||
    parsed.password !== "" ||
    parsed.hash !== ""
  ) {
    throw bad(
      `${field}.url "${shortened(url)}"`,
      "an address such as https://ops.example.net/alerts, without a name or a password in it",
    );
  }
  const refused = refusedLiteral(parsed, { privateAllowed });
  if (refused !== undefined)
    throw new AppError("bad_request", `${field}.url "${shortened(url)}": ${refused}`);
  return { url: parsed.href, privateAllowed };
}

function checkedWebhookSecret(secret: string): string {
  if (secret === "") return secret;
  const base64 = secret.startsWith(WEBHOOK_SECRET_PREFIX)
    ? secret.slice(WEBHOOK_SECRET_PREFIX.length)
    : "";
  const bytes = /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? Buffer.from(base64, "base64").length : 0;
  if (bytes >= KEY_BYTES_MIN && bytes <= KEY_BYTES_MAX) return secret;
  throw bad("webhook.secret", `whsec_ and base64 of ${KEY_BYTES_MIN} to ${KEY_BYTES_MAX} bytes`);
}

/** It goes into a header. */
function checkedToken(token: string): string {
  if (/^[\x21-\x7e]*$/.test(token)) return checkedSecret(token);
  throw bad("alertmanager.token", "printable ASCII characters without spaces");
}

function checkedEmail(email: alertsV1.EmailSettings): EmailSettings {
  const { host, username, from, to } = email;
  const security = wordOf(SECURITIES, email.security) ?? "starttls";
  if (!HOST.test(host) && !parseIpAddress(host).ok) {
    throw bad(`email.host "${shortened(host)}"`, "a name or an address, such as smtp.example.net");
  }
  if (email.port > PORT_MAX) throw bad(`email.port ${email.port}`, `1 to ${PORT_MAX}`);
  if (!isAddress(MAILBOX.exec(from)?.[1] ?? from)) {
    throw bad(
      `email.from "${shortened(from)}"`,
      "an address such as Truechimer <alerts@example.net>",
    );
  }
  if (to.length === 0 || to.length > RECIPIENTS_MAX) {
    throw bad(`email.to has ${to.length} addresses`, `1 to ${RECIPIENTS_MAX}`);
  }
  const wrong = to.find((address) => !isAddress(address));
  if (wrong !== undefined)
    throw bad(`email.to "${shortened(wrong)}"`, "an address such as ops@example.net");
  if (/[\p{Cc}]/u.test(username)) throw bad("email.username", "a name without control characters");
  return { host, port: email.port || PORTS[security], security, username, from, to };
}

function checkedSecret(secret: string): string {
  if (secret.length <= SECRET_CHARACTERS_MAX) return secret;
  throw bad(`the secret has ${secret.length} characters`, `at most ${SECRET_CHARACTERS_MAX}`);
}

function isAddress(text: string): boolean {
  return text.length <= ADDRESS_CHARACTERS_MAX && MAIL_ADDRESS.test(text);
}

function bad(what: string, expected: string): AppError {
  return new AppError("bad_request", `${what}: expected ${expected}`);
}

function shortened(text: string): string {
  return text.slice(0, 60);
}
