// The alternative names are the planned ones, of the kinds that the profile has; critical only without a subject.

import { isEmptyName } from "../distinguished-name.ts";
import type { AlternativeNames } from "../extension.ts";
import { ID_CE_SUBJECT_ALT_NAME } from "../object-identifiers.ts";
import type { CertificateProfile } from "../profile.ts";
import { criticalityFinding } from "./criticality.ts";
import type { Lint, LintFinding } from "./lint.ts";

/** A host name in the preferred syntax, without wildcard. RFC 1034, section 3.5. */
const DNS_NAME =
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

export const subjectAltName: Lint = {
  name: "subject-alt-name",
  source: "RFC 5280, section 4.2.1.6",
  finding: (certificate, plan) => {
    const names = certificate.alternativeNames ?? { dnsNames: [], ipAddresses: [], others: 0 };
    const found = [...names.dnsNames, ...names.ipAddresses.map(({ text }) => text)].join(" ");
    const wanted = [...plan.dnsNames, ...plan.ipAddresses.map(({ text }) => text)].join(" ");
    if (found !== wanted || names.others > 0) return `named "${found}", planned was "${wanted}"`;
    const bad = names.dnsNames.find((name) => !DNS_NAME.test(name));
    if (bad !== undefined) return `"${bad}" is no host name in lower case`;
    return (
      kindFinding(names, plan.profile) ??
      criticalityFinding(certificate, ID_CE_SUBJECT_ALT_NAME, isEmptyName(certificate.subjectDer))
    );
  },
};

function kindFinding(
  { dnsNames, ipAddresses }: AlternativeNames,
  { names, name }: CertificateProfile,
): LintFinding {
  const all = dnsNames.length + ipAddresses.length;
  switch (names) {
    case "common_name":
      return all === 0 ? undefined : `the profile ${name} has no alternative names`;
    case "one_dns_name":
      return dnsNames.length === 1 && all === 1
        ? undefined
        : `the profile ${name} has exactly one DNS name`;
    case "dns_names_and_addresses":
      return all > 0 ? undefined : `the profile ${name} has at least one name`;
  }
}
