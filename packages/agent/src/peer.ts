// Which version of submissions the control plane takes. Ours take 5. The NTP Pool's takes at most 4, and does not say
// so beforehand; it is known by what it refuses and then accepts.

import {
  LEGACY_SUBMISSION_VERSION,
  SUBMISSION_VERSION,
  type SubmissionVersion,
} from "./server-status.ts";

export interface Peer {
  /** What to send next. */
  readonly version: SubmissionVersion;
  /** Known to be a control plane that takes no version 5. */
  readonly isLegacy: boolean;
  /** The version was refused, or may have been. */
  triedInVain(version: SubmissionVersion): void;
  accepted(version: SubmissionVersion): void;
}

export function createPeer(): Peer {
  let version = SUBMISSION_VERSION;
  let isLegacy = false;
  return {
    get version() {
      return version;
    },
    get isLegacy() {
      return isLegacy;
    },
    triedInVain: (tried) => {
      if (isLegacy) return;
      version = tried === SUBMISSION_VERSION ? LEGACY_SUBMISSION_VERSION : SUBMISSION_VERSION;
    },
    accepted: (taken) => {
      version = taken;
      isLegacy = taken === LEGACY_SUBMISSION_VERSION;
    },
  };
}
