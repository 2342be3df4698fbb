// Where a registration stands, in words.

import { adminV1 } from "@truechimer/api";

export type RegistrationState =
  | "waiting"
  | "approved"
  | "enrolled"
  | "rejected"
  | "cancelled"
  | "unknown";

/** The word for a registration's status. */
export function registrationState(status: adminV1.RegistrationStatus): RegistrationState {
  const { RegistrationStatus } = adminV1;
  if (status === RegistrationStatus.PENDING) return "waiting";
  if (status === RegistrationStatus.ACCEPTED) return "approved";
  if (status === RegistrationStatus.COMPLETED) return "enrolled";
  if (status === RegistrationStatus.REJECTED) return "rejected";
  if (status === RegistrationStatus.CANCELLED) return "cancelled";
  return "unknown";
}

/** What each of them means. */
export const REGISTRATION_DEFINITIONS: Readonly<Record<RegistrationState, string>> = {
  waiting: "It asked to be let in and waits for a person.",
  approved: "A person let it in; it has not fetched its key and certificate yet.",
  enrolled: "It has its key and certificate.",
  rejected: "A person refused it; the agent was told why and has stopped.",
  cancelled: "It gave up, or registered anew.",
  unknown: "A state that this page does not know.",
};

/** Those that a person may still decide. */
export function isWaiting(registration: adminV1.Registration): boolean {
  return registration.status === adminV1.RegistrationStatus.PENDING;
}

/** Who it is, for people. */
export function registrationName(registration: adminV1.Registration): string {
  if (registration.hostname !== "") return registration.hostname;
  return registration.addresses[0] ?? registration.id;
}
