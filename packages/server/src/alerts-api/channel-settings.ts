// What a request says of a channel's way, checked; and the other way round.

import { create } from "@bufbuild/protobuf";
import { alertsV1 } from "@truechimer/api";
import { AppError, parseIpAddress } from "@truechimer/base";
import type { ChannelSettings, EmailSettings } from "../alerts/channel.ts";
import { SECURITIES, wordOf } from "./alert-words.ts";

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

export function checkedWay({ way }: alertsV1.AlertChannel): CheckedWay {
  switch (way.case) {
    case "email":
      return {
        way: { kind: "email", settings: checkedEmail(way.value) },
        secret: checkedSecret(way.value.password),
      };
    default:
      throw new AppError("bad_request", "the channel has no way out: expected email");
  }
}

export function wayMessage({ settings }: ChannelSettings): alertsV1.AlertChannel["way"] {
  const { security, ...rest } = settings;
  return {
    case: "email",
    value: create(alertsV1.EmailSettingsSchema, {
      ...rest,
      to: [...rest.to],
      security: SECURITIES[security],
    }),
  };
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
