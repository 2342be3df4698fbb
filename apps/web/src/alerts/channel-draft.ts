// A channel as a person types it, and as the API takes it.

import type { MessageInitShape } from "@bufbuild/protobuf";
import { alertsV1 } from "@truechimer/api";

export type ChannelInit = MessageInitShape<typeof alertsV1.AlertChannelSchema>;
export type ChannelKind = NonNullable<alertsV1.AlertChannel["way"]["case"]>;

export interface ChannelDraft {
  /** 0: it is to be made. */
  readonly id: bigint;
  readonly name: string;
  readonly kind: ChannelKind;
  readonly digest: alertsV1.DigestPeriod;
  readonly digestMinute: number;
  /** Of e-mail. */
  readonly host: string;
  /** Empty: the usual one. */
  readonly port: string;
  readonly security: alertsV1.EmailSecurity;
  readonly username: string;
  readonly from: string;
  /** With commas between. */
  readonly to: string;
  /** Of the others. */
  readonly url: string;
  readonly privateAllowed: boolean;
  /** Password, signing key or token. Empty: none, or the one that there is. */
  readonly secret: string;
}

export const NEW_CHANNEL: ChannelDraft = {
  id: 0n,
  name: "mail",
  kind: "email",
  digest: alertsV1.DigestPeriod.OFF,
  digestMinute: 480,
  host: "",
  port: "",
  security: alertsV1.EmailSecurity.STARTTLS,
  username: "",
  from: "",
  to: "",
  url: "",
  privateAllowed: false,
  secret: "",
};

export function draftOfChannel(channel: alertsV1.AlertChannel): ChannelDraft {
  const { id, name, digest, digestMinute, way } = channel;
  const draft = {
    ...NEW_CHANNEL,
    id,
    name,
    digest: digest || alertsV1.DigestPeriod.OFF,
    digestMinute,
  };
  switch (way.case) {
    case "email": {
      const { host, port, security, username, from, to } = way.value;
      return {
        ...draft,
        kind: "email",
        host,
        port: port === 0 ? "" : String(port),
        security: security || alertsV1.EmailSecurity.STARTTLS,
        username,
        from,
        to: to.join(", "),
      };
    }
    case "webhook":
    case "alertmanager": {
      const { url, privateAllowed } = way.value;
      return { ...draft, kind: way.case, url, privateAllowed };
    }
    default:
      return draft;
  }
}

export function channelOfDraft(draft: ChannelDraft): ChannelInit {
  const { id, name, kind, digest, digestMinute, url, privateAllowed, secret } = draft;
  const head = { id, name, digest, digestMinute };
  switch (kind) {
    case "email": {
      const { host, port, security, username, from, to } = draft;
      const addresses = to.split(",").flatMap((address) => address.trim() || []);
      const way = { host, port: Number(port), security, username, password: secret, from };
      return { ...head, way: { case: kind, value: { ...way, to: addresses } } };
    }
    case "webhook":
      return { ...head, way: { case: kind, value: { url, privateAllowed, secret } } };
    case "alertmanager":
      // Summaries do not go there.
      return {
        ...head,
        digest: alertsV1.DigestPeriod.OFF,
        way: { case: kind, value: { url, privateAllowed, token: secret } },
      };
  }
}
