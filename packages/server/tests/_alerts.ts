// Alerts as a person would set them up, and a mailbox of our own behind a real SMTP server.

import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { alertsV1 } from "@truechimer/api";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { LOOPS } from "../src/loops/registry.ts";

export function alertsClient(url: string, key: string): Client<typeof alertsV1.AlertService> {
  const transport = createConnectTransport({
    baseUrl: url,
    httpVersion: "1.1",
    interceptors: [
      (next) => (request) => {
        request.header.set("authorization", `Bearer ${key}`);
        return next(request);
      },
    ],
  });
  return createClient(alertsV1.AlertService, transport);
}

/** The loops of the alerts at a test's pace; the others at their own. */
export const QUICK_LOOPS: typeof LOOPS = LOOPS.map((loop) =>
  loop.name.startsWith("alert_") ? { ...loop, periodMs: 200 } : loop,
);

export interface Mail {
  readonly subject: string;
  readonly messageId: string;
  readonly inReplyTo: string;
  readonly to: string;
  readonly body: string;
}

export interface Mailbox extends AsyncDisposable {
  readonly port: number;
  readonly mails: readonly Mail[];
}

export async function startMailbox(options: SMTPServerOptions = {}): Promise<Mailbox> {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    logger: false,
    onData: (stream, _session, done) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        mails.push(parseMail(Buffer.concat(chunks).toString()));
        done(null);
      });
    },
    ...options,
  });
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve());
  });
  const address = server.server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    mails,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
      }),
  };
}

function parseMail(text: string): Mail {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const unfolded = head.replaceAll(/\r\n[ \t]/g, " ");
  const header = (name: string): string =>
    new RegExp(`^${name}: (.*)$`, "im").exec(unfolded)?.[1] ?? "";
  const body = rest.join("\r\n\r\n");
  const isQuoted = header("Content-Transfer-Encoding") === "quoted-printable";
  return {
    subject: header("Subject"),
    messageId: header("Message-ID"),
    inReplyTo: header("In-Reply-To"),
    to: header("To"),
    body: isQuoted ? body.replaceAll("=\r\n", "") : body,
  };
}

export function emailChannel(
  port: number,
  more: Partial<{ name: string; to: string[]; username: string; password: string }> = {},
): alertsV1.SaveAlertChannelRequest["channel"] & object {
  const { name = "mail", ...email } = more;
  return {
    name,
    way: {
      case: "email",
      value: {
        host: "127.0.0.1",
        port,
        security: alertsV1.EmailSecurity.NONE,
        from: "Truechimer <alerts@clocks.example>",
        to: ["ops@clocks.example"],
        ...email,
      },
    },
  } as unknown as alertsV1.SaveAlertChannelRequest["channel"] & object;
}
