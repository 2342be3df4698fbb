// The alerts of the fake: an incident that goes on, one that is over, and what is added.

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { alertsV1 } from "@truechimer/api";

const MINUTE_MS = 60_000;

export function createFakeAlerts(options: {
  readonly nowMs: () => number;
}): Partial<ServiceImpl<typeof alertsV1.AlertService>> {
  const startedAtMs = options.nowMs();
  const ago = (minutes: number): ReturnType<typeof timestampFromMs> =>
    timestampFromMs(startedAtMs - minutes * MINUTE_MS);
  let channels = [
    create(alertsV1.AlertChannelSchema, {
      id: 1n,
      name: "mail",
      way: { case: "email", value: { host: "smtp.example.net", to: ["ops@example.net"] } },
      lastSentAt: ago(14),
    }),
  ];
  let rules = [
    create(alertsV1.AlertRuleSchema, {
      id: 1n,
      name: "a clock lies",
      enabled: true,
      subject: alertsV1.AlertSubject.SERVERS,
      filter: "verdict:falseticker",
      severity: alertsV1.AlertSeverity.CRITICAL,
      channelIds: [1n],
      firing: 1,
    }),
  ];
  let silences: alertsV1.AlertSilence[] = [];
  const incidents = [incident(ago(15), 2n, "ntp3.lab"), incident(ago(600), 1n, "agent zurich")];
  const [, over] = incidents;
  if (over !== undefined) over.recoveredAt = ago(580);
  return {
    listIncidents: ({ includeRecovered }) => ({
      incidents: incidents.filter(
        ({ recoveredAt }) => includeRecovered || recoveredAt === undefined,
      ),
      openTotal: incidents.filter(({ recoveredAt }) => recoveredAt === undefined).length,
    }),
    acknowledgeIncident: ({ id, note }) => {
      const found = incidents.find((each) => each.id === id);
      if (found === undefined) throw new ConnectError("there is no incident", Code.NotFound);
      Object.assign(found, { acknowledgedAt: ago(0), acknowledgedBy: "ada", note });
      return { incident: found };
    },
    listAlertRules: () => ({ rules }),
    saveAlertRule: ({ rule }) => {
      if (rule === undefined) throw new ConnectError("rule is missing", Code.InvalidArgument);
      if (rule.id !== 0n) {
        rules = rules.map((each) => (each.id === rule.id ? rule : each));
        return { rule };
      }
      if (rules.some(({ name }) => name === rule.name)) {
        throw new ConnectError(`there is an alert rule "${rule.name}" already`, Code.AlreadyExists);
      }
      const saved = { ...rule, id: BigInt(rules.length + 1) };
      rules = [...rules, saved];
      return { rule: saved };
    },
    tryAlertRule: ({ rule }) => {
      if (rule?.filter.includes("offset") === true) {
        const words = "filter, character 1: abs_offset is not kept of the past: try score<10";
        throw new ConnectError(words, Code.InvalidArgument);
      }
      const tried = (beganMinutes: number, endedMinutes?: number): object => ({
        cause: "server:3",
        title: "ntp3.lab",
        beganAt: ago(beganMinutes),
        ...(endedMinutes === undefined ? {} : { endedAt: ago(endedMinutes) }),
        subjects: ["ntp3.lab"],
        subjectsTotal: 1,
        messages: endedMinutes === undefined ? 1 : 2,
      });
      return {
        from: ago(7 * 1_440),
        to: ago(0),
        incidents: [tried(8_000, 7_700), tried(4_000, 3_990), tried(200)],
        incidentsTotal: 3,
        messagesTotal: 5,
        subjectsTotal: 8,
        assumptions: ["Nothing was silenced, and our own side was never broken."],
      };
    },
    removeAlertRule: ({ id }) => {
      rules = rules.filter((rule) => rule.id !== id);
      return {};
    },
    listAlertSilences: () => ({ silences }),
    createAlertSilence: ({ subject, filter, comment, lasts }) => {
      const endsAt = timestampFromMs(options.nowMs() + Number(lasts?.seconds ?? 0n) * 1_000);
      const made = { id: BigInt(silences.length + 1), subject, filter, comment, endsAt };
      const silence = create(alertsV1.AlertSilenceSchema, { ...made, createdBy: "ada" });
      silences = [...silences, silence];
      return { silence };
    },
    endAlertSilence: ({ id }) => {
      silences = silences.filter((silence) => silence.id !== id);
      return {};
    },
    listAlertChannels: () => ({ channels }),
    saveAlertChannel: ({ channel }) => {
      if (channel === undefined) throw new ConnectError("channel is missing", Code.InvalidArgument);
      const { url = "" } = channel.way.value as { readonly url?: string };
      if (url.includes("@")) {
        const words = `${channel.way.case}.url "${url}": expected an address without a name or a password in it`;
        throw new ConnectError(words, Code.InvalidArgument);
      }
      if (channel.id !== 0n) {
        channels = channels.map((each) =>
          each.id === channel.id ? { ...each, ...channel } : each,
        );
        return { channel };
      }
      const isWebhook = channel.way.case === "webhook";
      const saved = { ...channel, id: BigInt(channels.length + 1), hasSecret: isWebhook };
      channels = [...channels, saved];
      return { channel: saved, secret: isWebhook ? "whsec_bWFkZSBmb3IgdGhpcyBwYWdlIGFsb25l" : "" };
    },
    removeAlertChannel: ({ id }) => {
      channels = channels.filter((channel) => channel.id !== id);
      return {};
    },
    testAlertChannel: ({ id }) => ({ message: { id: 9n, channelId: id, kind: "test" } }),
  };
}

function incident(
  openedAt: ReturnType<typeof timestampFromMs>,
  id: bigint,
  title: string,
): alertsV1.Incident {
  return create(alertsV1.IncidentSchema, {
    id,
    cause: title.replace("agent ", "agent:").replace("ntp3.lab", "server:3"),
    title,
    severity: alertsV1.AlertSeverity.CRITICAL,
    openedAt,
    alertsTotal: 2,
    alerts: [
      {
        ruleName: "a clock lies",
        subjectName: title,
        text: "falseticker: all 3 monitors find it 2.0 s ahead; offset +2.000 s ± 0.4 ms",
      },
    ],
    messages: [{ channelName: "mail", kind: "opened", state: alertsV1.AlertMessageState.SENT }],
  });
}
