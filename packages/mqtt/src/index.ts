export { type ExactJson, exactJsonText, jsonMembers, parseExactJson } from "./exact-json.ts";
export { instantText, parseInstant } from "./instant-text.ts";
export {
  createMqttSession,
  MQTT_SESSION_TAKEN_OVER,
  type MqttCredentials,
  type MqttMessage,
  type MqttPresence,
  type MqttPublication,
  type MqttSession,
  type MqttSessionOptions,
  type MqttTls,
} from "./mqtt-session.ts";
export {
  type NtpResponse,
  ntpResponseJson,
  ntpResponseOf,
  parseNtpResponse,
} from "./ntp-response.ts";
export {
  NTP_REQUEST,
  type NtpAnswer,
  ntpAnswerText,
  ntpRequestText,
  parseNtpAnswer,
  parseNtpRequest,
} from "./on-demand-message.ts";
export {
  type AgentVersion,
  parseStatusMessage,
  type StatusMessage,
  statusMessageText,
  versionJson,
} from "./status-message.ts";
export {
  agentClientId,
  agentPublishFilters,
  agentRequestsFilter,
  controlPlaneFilter,
  controlPlaneTokenFilter,
  MQTT_ENVIRONMENTS,
  type MqttEnvironment,
  type MqttTopic,
  mqttPrefix,
  mqttTopicText,
  parseMqttTopic,
} from "./topics.ts";
