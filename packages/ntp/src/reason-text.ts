// The coded reasons in words, for people. docs/reference/reasons.md says more, with the remedy.

import type { SampleReason } from "./sample-reason.ts";

const TEXTS: Readonly<Record<SampleReason, string>> = {
  timeout: "no answer came in time",
  connection_refused: "nothing listens on that port (connection refused)",
  network_unreachable: "there is no route to that network",
  host_unreachable: "the host cannot be reached",
  permission_denied: "a filter on the way forbids sending there",
  network_error: "the network reported an error",
  address_refused: "the address is outside of what may be probed",
  truncated: "a datagram came that is too short for NTP",
  bad_extension: "the answer's extension fields are broken",
  origin_mismatch: "only answers came that do not carry our nonce",
  bad_mode: "the answer is not in server mode",
  bad_version: "the answer has a version that does not exist",
  zero_transmit: "the answer lacks the server's time stamps",
  receive_after_transmit: "the server says that it answered before it was asked",
  negative_delay: "the server says that it took longer than the whole exchange did",
  kiss_rate: "the server asks us to come less often (RATE)",
  kiss_deny: "the server denies us access (DENY)",
  kiss_rstr: "the server restricts our access (RSTR)",
  kiss_other: "the server answered with a kiss-o'-death code",
  bad_stratum: "the stratum says that the server has no usable time",
  not_synchronised: "the server says that its clock is not synchronised (leap 3)",
  bad_root_distance: "the server is too far from its reference clock (root distance)",
  clock_stepped: "our own clock was stepped during the exchange",
  local_socket_failed: "our own host could not send the request",
};

/** One clause without a full stop, lower case. */
export function reasonText(reason: SampleReason): string {
  return TEXTS[reason];
}
