// A certificate's life as a bar: what is spent, where renewal begins, what is left. Exact times on hover.

import type { ReactNode } from "react";
import { formatInstant } from "../format/instant.ts";
import { useNow } from "../parts/now.ts";
import { zoneStore } from "../parts/settings.ts";
import { useStore } from "../parts/store.ts";
import { Nothing } from "../parts/values.tsx";
import { type CertificateLife, certificateLife, type WireCertificate } from "./certificate-life.ts";

const WIDTH = 88;
const HEIGHT = 10;

const STATE_WORDS: Readonly<Record<CertificateLife["state"], string>> = {
  early: "not valid yet",
  good: "",
  renewing: "being renewed",
  ending: "not renewed",
  ended: "ended",
  revoked: "revoked",
};

export function CertificateBar(props: {
  readonly certificate: WireCertificate | undefined;
  readonly wide?: boolean;
  /** A newer one is in use. */
  readonly replaced?: boolean;
}): ReactNode {
  const nowMs = useNow();
  const zone = useStore(zoneStore);
  const life = certificateLife(props.certificate, nowMs);
  if (life === undefined) return <Nothing why="no certificate: it uses a bearer token" />;
  const replaced = props.replaced === true && life.state !== "revoked";
  const word = replaced ? "replaced by a newer one" : STATE_WORDS[life.state];
  const times = `valid from ${formatInstant(life.fromMs, zone)} to ${formatInstant(life.toMs, zone)}, renewal begins ${formatInstant(life.renewMs, zone)}`;
  const width = props.wide === true ? 2 * WIDTH : WIDTH;
  return (
    <span
      className={`certificate is-${replaced ? "replaced" : life.state}`}
      title={`${word === "" ? "" : `${word}; `}${times}`}
    >
      <svg width={width} height={HEIGHT} role="img" aria-label={`certificate ${times}`}>
        <rect className="certificate-life" width={width} height={6} y={2} rx={1} />
        <rect className="certificate-spent" width={life.spent * width} height={6} y={2} rx={1} />
        <path className="certificate-renewal" d={`M${life.renewAt * width} 0V${HEIGHT}`} />
      </svg>
      <span className="certificate-text number">
        {replaced ? "replaced" : life.text}
        {!replaced && (life.state === "renewing" || life.state === "ending") ? (
          <span className={life.state === "ending" ? "bad" : "soft"}>, {word}</span>
        ) : null}
      </span>
    </span>
  );
}
