// The agent's identity as it is stored: key, name, certificate, and whether the private key belongs to it.

import { checkCertificate, type StoredIdentity } from "@truechimer/agent";
import { type UnixNs, unixMsFromNs } from "@truechimer/base";
import { type DoctorFinding, findingsOf } from "../../doctor/finding.ts";
import { agoText, instantText } from "../../output/time-text.ts";

const identity = findingsOf("identity");
const certificate = findingsOf("certificate");
const RENEWAL_REMEDY =
  "it is renewed while the agent runs and reaches its control plane; look at those findings";

export interface IdentityCheckOptions {
  readonly stored: StoredIdentity;
  readonly nowNs: UnixNs;
  /** What to type to enrol this host. */
  readonly enrollCommand: string;
}

export function checkIdentity(options: IdentityCheckOptions): readonly DoctorFinding[] {
  const { stored, enrollCommand } = options;
  const { state, pair } = stored;
  if ((state?.apiKey ?? "") === "" && pair === undefined) {
    return [identity.problem("this host is not enrolled", enrollCommand)];
  }
  return [nameFinding(stored), ...monitorFindings(stored), certificateFinding(options)];
}

function nameFinding({ state }: StoredIdentity): DoctorFinding {
  const tlsName = state?.tlsName ?? "";
  if (tlsName !== "") return identity.ok(tlsName);
  return identity.warning(
    "a key and no name: the control plane has not sent a configuration yet",
    "start the agent, and approve it in the dashboard where it asks for that",
  );
}

const WORKING: ReadonlySet<string> = new Set(["active", "testing"]);

function monitorFindings({ state }: StoredIdentity): readonly DoctorFinding[] {
  const monitors = (["v4", "v6"] as const).flatMap((family) => {
    const monitor = state?.[family];
    return monitor?.address === undefined
      ? []
      : [{ family, address: monitor.address.text, status: monitor.status }];
  });
  const found = findingsOf("monitors");
  if (monitors.length === 0) {
    return [
      found.warning(
        "no address is registered in either IP family",
        "register this host in one, or approve it in the dashboard",
      ),
    ];
  }
  const text = monitors
    .map(({ family, address, status }) => `IP${family} ${address} ${status}`)
    .join(", ");
  if (monitors.some(({ status }) => WORKING.has(status))) return [found.ok(text)];
  return [
    found.warning(
      `${text}: none has leave to work`,
      "set a monitor to testing or active in the dashboard",
    ),
  ];
}

function certificateFinding({
  stored: { pair, state },
  nowNs,
}: IdentityCheckOptions): DoctorFinding {
  if (pair === undefined) {
    return certificate.warning(
      "there is none",
      "it is issued when a monitor is testing or active and the agent runs",
    );
  }
  const notAfterMs = unixMsFromNs(pair.notAfterNs);
  const until = `until ${instantText(notAfterMs)}, ${agoText(notAfterMs, unixMsFromNs(nowNs))}`;
  const { expired, renewalDue } = checkCertificate(pair, nowNs);
  if (expired) return certificate.problem(`it has ended: ${until}`, RENEWAL_REMEDY);
  if (pair.notBeforeNs > nowNs) {
    return certificate.problem(
      `it is not valid yet: from ${instantText(unixMsFromNs(pair.notBeforeNs))}`,
      "this host's clock is behind: set it, and let chronyd or ntpd keep it",
    );
  }
  const tlsName = state?.tlsName ?? "";
  if (tlsName !== "" && !pair.dnsNames.includes(tlsName)) {
    return certificate.problem(
      `it is for ${pair.dnsNames.join(", ")} and not for ${tlsName}`,
      "enrol this host again",
    );
  }
  if (renewalDue)
    return certificate.warning(`in the last third of its life: ${until}`, RENEWAL_REMEDY);
  return certificate.ok(`good and with its key, ${until}`);
}
