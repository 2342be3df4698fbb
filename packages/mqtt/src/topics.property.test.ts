import fc from "fast-check";
import { expect, test } from "vitest";
import { agentClientId, MQTT_ENVIRONMENTS, mqttTopicText, parseMqttTopic } from "./topics.ts";

const level = fc.stringMatching(/^[A-Za-z0-9._-]{1,60}$/);
const environment = fc.constantFrom(...MQTT_ENVIRONMENTS);
const topic = fc.oneof(
  fc.record({ kind: fc.constant("status" as const), environment, agent: level }),
  fc.record({ kind: fc.constant("api_test" as const), environment, agent: level }),
  fc.record({ kind: fc.constant("request" as const), environment, agent: level, type: level }),
  fc.record({
    kind: fc.constant("response" as const),
    environment,
    agent: level,
    requestId: level,
  }),
);

test("what is built is read as what it was built from", () => {
  fc.assert(
    fc.property(topic, (each) => {
      expect(parseMqttTopic(mqttTopicText(each))).toEqual(each);
    }),
  );
});

test("reading never throws, and what it takes is built as it was but for further levels", () => {
  const wild = fc.oneof(
    fc.string({ maxLength: 600 }),
    fc
      .array(fc.constantFrom("", "prod", "monitors", "status", "data", "requests", "x", "+", "#"), {
        maxLength: 8,
      })
      .map((levels) => levels.join("/")),
  );
  fc.assert(
    fc.property(wild, (text) => {
      const read = parseMqttTopic(text);
      if (read !== undefined) expect(`${text}/`.startsWith(`${mqttTopicText(read)}/`)).toBe(true);
    }),
  );
});

test("the client id is the name without the monitor domain, and the whole name under another one", () => {
  const name = "uspao1-21wase0.devel.mon.ntppool.dev";
  expect(agentClientId(name, "mon.ntppool.dev")).toBe("uspao1-21wase0.devel");
  expect(agentClientId(name, "mon.truechimer.internal")).toBe(name);
});
