// Ways out: what is kept of them, and their secrets, which are sealed for one channel each.

import { AppError } from "@truechimer/base";
import type { AlertChannelKindName, JsonValue } from "@truechimer/database";
import type { ServerContext } from "../context.ts";

export type EmailSecurity = "starttls" | "tls" | "none";

export interface EmailSettings {
  readonly host: string;
  readonly port: number;
  readonly security: EmailSecurity;
  /** Empty: the server asks for none. */
  readonly username: string;
  readonly from: string;
  readonly to: readonly string[];
}

/** Of webhooks and of Alertmanager. */
export interface HttpSettings {
  readonly url: string;
  readonly privateAllowed: boolean;
}

/** As the database has them: they were checked when they were written. */
export type ChannelSettings =
  | { readonly kind: "email"; readonly settings: EmailSettings }
  | { readonly kind: "webhook" | "alertmanager"; readonly settings: HttpSettings };

export interface ChannelRow {
  readonly kind: AlertChannelKindName;
  readonly settings: JsonValue;
}

export function channelSettings({ kind, settings }: ChannelRow): ChannelSettings {
  if (kind === "email") return { kind, settings: settings as unknown as EmailSettings };
  return { kind, settings: settings as unknown as HttpSettings };
}

/** Fails with master_key_missing. */
export function sealSecret(
  { seal }: Pick<ServerContext, "seal">,
  channelId: bigint,
  secret: string,
): Uint8Array {
  if (seal === undefined) {
    throw new AppError(
      "master_key_missing",
      "a channel's secret needs a master key, under which it is sealed: see secrets.master_key_file",
    );
  }
  return seal.seal(purposeOf(channelId), Buffer.from(secret));
}

/** Absent: the channel has none. */
export function openSecret(
  { seal }: Pick<ServerContext, "seal">,
  channelId: bigint,
  sealed: Uint8Array | null,
): string | undefined {
  if (sealed === null) return undefined;
  if (seal === undefined) {
    throw new AppError(
      "master_key_missing",
      "the channel's secret is sealed, and this replica has no master key: give it the one of the others (secrets.master_key_file)",
    );
  }
  return Buffer.from(seal.unseal(purposeOf(channelId), sealed)).toString();
}

function purposeOf(channelId: bigint): string {
  return `secret of alert channel ${channelId}`;
}
