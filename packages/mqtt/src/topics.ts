// The NTP Pool's topics, all of them in this file. A leading slash is part of each; an agent's full TLS name stands in
// it, so that a broker can hold every agent to its own.

import { assert } from "@truechimer/base";

/** The environments that the NTP Pool's agents know; the first level of every topic. */
export const MQTT_ENVIRONMENTS = ["prod", "test", "devel"] as const;
/** One of them. */
export type MqttEnvironment = (typeof MQTT_ENVIRONMENTS)[number];

/** What a topic is for. */
export type MqttTopic =
  /** Retained: whether the agent is there. */
  | { readonly kind: "status"; readonly environment: MqttEnvironment; readonly agent: string }
  /** The agent's test of its own connection. */
  | { readonly kind: "api_test"; readonly environment: MqttEnvironment; readonly agent: string }
  /** A request to the agent; `type` is `ntp`, or what this program does not know. */
  | {
      readonly kind: "request";
      readonly environment: MqttEnvironment;
      readonly agent: string;
      readonly type: string;
    }
  /** The agent's answer to one request. */
  | {
      readonly kind: "response";
      readonly environment: MqttEnvironment;
      readonly agent: string;
      readonly requestId: string;
    };

/** A topic of more bytes is none of ours; MQTT itself would take 65,535. */
const TOPIC_CHARACTERS_MAX = 512;
/** A level of a topic without wildcards, NUL and separators. MQTT 5, section 4.7. */
const LEVEL = /^[^/+#\0]{1,253}$/;

/** The topic's text. Every level must be one that `parseMqttTopic` takes. */
export function mqttTopicText(topic: MqttTopic): string {
  const { environment, agent } = topic;
  const prefix = mqttPrefix(environment);
  assert(LEVEL.test(agent), "an agent's name is one level of a topic");
  switch (topic.kind) {
    case "status":
      return `${prefix}/status/${agent}/status`;
    case "api_test":
      return `${prefix}/status/${agent}/api-test`;
    case "request":
      assert(LEVEL.test(topic.type), "a request's type is one level of a topic");
      return `${prefix}/requests/${agent}/${topic.type}`;
    case "response":
      assert(LEVEL.test(topic.requestId), "a request's id is one level of a topic");
      return `${prefix}/data/${agent}/${topic.requestId}`;
  }
}

/** Absent: it is none of ours. Further levels after a request's id are the agent's own business and are ignored. */
export function parseMqttTopic(text: string): MqttTopic | undefined {
  if (text.length > TOPIC_CHARACTERS_MAX) return undefined;
  const [empty, environment = "", monitors, group, agent = "", leaf = "", ...rest] =
    text.split("/");
  if (empty !== "" || monitors !== "monitors" || !isMqttEnvironment(environment)) return undefined;
  if (!LEVEL.test(agent) || !LEVEL.test(leaf)) return undefined;
  if (group === "data") return { kind: "response", environment, agent, requestId: leaf };
  if (rest.length > 0) return undefined;
  if (group === "requests") return { kind: "request", environment, agent, type: leaf };
  if (group !== "status") return undefined;
  if (leaf === "status") return { kind: "status", environment, agent };
  return leaf === "api-test" ? { kind: "api_test", environment, agent } : undefined;
}

/** In its one spelling. */
function isMqttEnvironment(text: string): text is MqttEnvironment {
  return (MQTT_ENVIRONMENTS as readonly string[]).includes(text);
}

/** What the topics of an environment begin with; the `prefix` of MQTTConfig. */
export function mqttPrefix(environment: MqttEnvironment): string {
  return `/${environment}/monitors`;
}

/** All that the control plane listens to. */
export function controlPlaneFilter(environment: MqttEnvironment): string {
  return `${mqttPrefix(environment)}/#`;
}

/** All requests to one agent. */
export function agentRequestsFilter(environment: MqttEnvironment, agent: string): string {
  assert(LEVEL.test(agent), "an agent's name is one level of a topic");
  return `${mqttPrefix(environment)}/requests/${agent}/+`;
}

/** What an agent may publish to, as filters: the claim `publ` of its token. */
export function agentPublishFilters(
  environment: MqttEnvironment,
  agent: string,
): readonly string[] {
  const data = `${mqttPrefix(environment)}/data/${agent}`;
  return [
    mqttTopicText({ kind: "status", environment, agent }),
    mqttTopicText({ kind: "api_test", environment, agent }),
    `${data}/+`,
    `${data}/+/+`,
  ];
}

/** What the control plane may publish and subscribe to: both claims of its token. */
export function controlPlaneTokenFilter(environment: MqttEnvironment): string {
  return `/${environment}/#`;
}

/** The MQTT client id of an agent: its name without the monitor domain, "uspao1-21wase0.devel". */
export function agentClientId(agent: string, monitorDomain: string): string {
  const suffix = `.${monitorDomain}`;
  return agent.endsWith(suffix) ? agent.slice(0, -suffix.length) : agent;
}
