// Which version of submissions the control plane takes. Ours take 5. The NTP Pool's takes at most 4, and does not say
// so beforehand; it is known by what it refuses and then accepts.

import {
  LEGACY_SUBMISSION_VERSION,
  SUBMISSION_VERSION,
  type SubmissionVersion,
} from "./server-status.ts";

export interface Peer {
  /** Known to be a control plane that takes no version 5. */
  readonly isLegacy: boolean;
  accepted(version: SubmissionVersion): void;
}

export function createPeer(): Peer {
  let taken: SubmissionVersion = SUBMISSION_VERSION;
  return {
    get isLegacy() {
      return taken === LEGACY_SUBMISSION_VERSION;
    },
    accepted: (version) => {
      taken = version;
    },
  };
}
