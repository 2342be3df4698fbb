// How often one agent is given a certificate: a program in a loop must not fill the database, nor a stolen key make a
// stock of certificates.

import type { ServerContext } from "../context.ts";
import { limitExceeded, spanWords } from "../limits/verdict.ts";

export async function limitCertificates(
  { limits }: Pick<ServerContext, "limits">,
  tlsName: string,
): Promise<void> {
  const verdict = await limits.take("certificates", tlsName.toLowerCase());
  if (verdict.passed) return;
  const { max, windowMs } = verdict.limit;
  const within = spanWords(windowMs);
  throw limitExceeded(
    verdict,
    `${max} certificates within ${within} for ${tlsName}: use the last one, or try again in ${within}`,
  );
}
