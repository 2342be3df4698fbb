// Why a sample failed: a closed set of codes. They decide; texts are for people (docs/reference/reasons.md).

export const SAMPLE_REASONS = [
  // nothing came back
  "timeout",
  "connection_refused",
  "network_unreachable",
  "host_unreachable",
  "permission_denied",
  "network_error",
  "address_refused",
  // something came back that is no answer to our question
  "truncated",
  "bad_extension",
  "origin_mismatch",
  "bad_mode",
  "bad_version",
  "zero_transmit",
  "receive_after_transmit",
  "negative_delay",
  // an answer that says "not me"
  "kiss_rate",
  "kiss_deny",
  "kiss_rstr",
  "kiss_other",
  "bad_stratum",
  "not_synchronised",
  "bad_root_distance",
  // our own doing
  "clock_stepped",
  "local_socket_failed",
] as const;

export type SampleReason = (typeof SAMPLE_REASONS)[number];

/** Why a traceroute could not be made, beside what the network says of its first probe. It says nothing of the server. */
export const TRACEROUTE_REASONS = ["traceroute_unsupported"] as const;

export type TracerouteReason = (typeof TRACEROUTE_REASONS)[number];
