export {
  type ClientRequest,
  createClientRequest,
  createInterleavedRequest,
  type InterleavedWish,
  interleavedWish,
  requestNonce,
} from "./client-request.ts";
export {
  createDepartureMemory,
  type DepartureMemory,
  type InterleavedAnswer,
} from "./departure-memory.ts";
export {
  EXTENSION_FIELDS_MAX,
  type ExtensionField,
  type PacketTail,
} from "./extension-field.ts";
export { createInterleavedSession, type InterleavedSession } from "./interleaved-session.ts";
export {
  type EarlierSample,
  type JudgeContext,
  judgeExchange,
  judgeExchanges,
  type RuleFinding,
  responseRules,
  runResponseRules,
} from "./judge-exchange.ts";
export { keptSample } from "./kept-sample.ts";
export {
  CHECK_SAMPLES_DEFAULT,
  CHECK_SAMPLES_MAX,
  type CheckAction,
  type CheckOptions,
  checkResultOf,
  checkResultWithoutSamples,
  createCheck,
  endsCheck,
  isAgentFault,
  isExplicitBad,
  isNoResponse,
  type NtpCheck,
  SAMPLE_GAP_MS_DEFAULT,
  SAMPLE_TIMEOUT_MS_DEFAULT,
  SAMPLE_TIMEOUT_MS_MAX,
  SAMPLE_TIMEOUT_MS_MIN,
  samplesOfCheck,
} from "./ntp-check.ts";
export {
  type Arrival,
  createNtpExchange,
  type ExchangeAction,
  type ExchangeState,
  type IgnoredDatagram,
  type NtpExchange,
  type NtpExchangeOptions,
} from "./ntp-exchange.ts";
export {
  encodeNtpPacket,
  type LeapIndicator,
  NTP_HEADER_BYTES,
  NTP_MODE,
  NTP_VERSION,
  type NtpPacket,
  type NtpPacketHeader,
  parseNtpHeader,
  parseNtpPacket,
} from "./ntp-packet.ts";
export { type NtpShort, nsFromNtpShort, ntpShortFromNs } from "./ntp-short.ts";
export {
  NTP_ERA_NS,
  type NtpTimestamp,
  nsFromNtpUnits,
  ntpEra,
  ntpTimestampDifference,
  ntpTimestampFromUnixNs,
  ntpUnitsFromNs,
  unixNsFromNtpTimestamp,
} from "./ntp-timestamp.ts";
export {
  type DescribeOptions,
  describePacketFields,
  type PacketFieldText,
} from "./packet-fields.ts";
export { measurePlainAnswer, PLAIN_FIGURES, type SplitStamp } from "./plain-answer.ts";
export { reasonText } from "./reason-text.ts";
export { kissCode, referenceIdFromText, referenceIdHex, referenceIdText } from "./reference-id.ts";
export {
  datagramAnswersRequest,
  LEAP_NOT_SYNCHRONISED,
  type ResponseRule,
} from "./response-rules.ts";
export {
  type BoundPart,
  type BoundPartName,
  type CheckOutcome,
  type CheckResult,
  type Exchange,
  type ExchangeMode,
  type KeptSample,
  type Measurement,
  type Sample,
  type Stamp,
  type TimedStamps,
  type TimestampSource,
  timedExchangeIndex,
} from "./sample.ts";
export {
  SAMPLE_REASONS,
  type SampleReason,
  TRACEROUTE_REASONS,
  type TracerouteReason,
} from "./sample-reason.ts";
