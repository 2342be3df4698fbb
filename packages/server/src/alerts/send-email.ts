// A message by SMTP (RFC 5321). Its Message-ID is made of its key, so that a mailbox knows a repeat.

import { AppError } from "@truechimer/base";
import { createTransport } from "nodemailer";
import type { EmailSettings } from "./channel.ts";
import { type MessageToSend, SendRefused } from "./message-to-send.ts";

/** For each step of the dialogue; RFC 5321, section 4.5.3.2, allows for minutes, which nobody waits for an alert. */
const STEP_TIMEOUT_MS = 10_000;
const PERMANENT_MIN = 500;

/** Fails with SendRefused when another attempt cannot help, and with anything else when it may. */
export async function sendEmail(
  settings: EmailSettings,
  password: string | undefined,
  message: MessageToSend,
): Promise<void> {
  const { host, port, security, username, from, to } = settings;
  const transport = createTransport({
    host,
    port,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    connectionTimeout: STEP_TIMEOUT_MS,
    greetingTimeout: STEP_TIMEOUT_MS,
    socketTimeout: STEP_TIMEOUT_MS,
    dnsTimeout: STEP_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(username === "" ? {} : { auth: { user: username, pass: password ?? "" } }),
  });
  const id = (key: string): string => `<${key}@${domainOf(from)}>`;
  try {
    await transport.sendMail({
      from,
      to: [...to],
      subject: message.subject,
      text: message.body,
      messageId: id(message.key),
      date: new Date(message.createdAtMs),
      // A vacation responder has no business with it (RFC 3834, section 5).
      headers: { "Auto-Submitted": "auto-generated" },
      ...(message.answersKey === undefined
        ? {}
        : { inReplyTo: id(message.answersKey), references: id(message.answersKey) }),
    });
  } catch (error) {
    if (codeOf(error) >= PERMANENT_MIN) {
      throw new SendRefused(`the mail server refused it for good: ${wordsOf(error)}`, error);
    }
    throw new AppError("peer_unreachable", `${host}:${port}: ${wordsOf(error)}`, { cause: error });
  } finally {
    transport.close();
  }
}

/** Of "Truechimer <alerts@example.net>": example.net. */
function domainOf(from: string): string {
  return /@([^@>\s]+)>?\s*$/.exec(from)?.[1] ?? "localhost";
}

/** The three digits of the server's reply. 0: there was none. */
function codeOf(error: unknown): number {
  const { responseCode } = error as { readonly responseCode?: unknown };
  return typeof responseCode === "number" ? responseCode : 0;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
