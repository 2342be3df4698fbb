// What is said of an agent in a few words, the same in the table, on its page and in the overview.

import type { ReactNode } from "react";
import type { OffsetNs } from "../api/message.ts";
import { formatCount, formatShare, NO_BREAK_SPACE } from "../format/number.ts";
import { formatOffset } from "../format/offset.ts";
import { Nothing } from "../parts/values.tsx";
import { MONITOR_STATUS_DEFINITIONS, TERMS } from "../parts/words.ts";
import { type AgentFacts, type AgentFamily, isStillThere } from "./agent-facts.ts";

export function OnlineWord(props: { readonly agent: AgentFacts }): ReactNode {
  const { agent } = props;
  return (
    <span className={agent.online ? "online" : "online is-off"} title={TERMS.agentOnline}>
      {agent.online ? "online" : "offline"}
      {agent.online && agent.transport !== "" ? (
        <span className="soft" title={TERMS.transport}>
          {" "}
          by {agent.transport === "mqtt" ? "MQTT" : agent.transport}
        </span>
      ) : null}
    </span>
  );
}

export function FamilyList(props: { readonly families: readonly AgentFamily[] }): ReactNode {
  const families = props.families.filter(isStillThere);
  if (families.length === 0) return <Nothing why="no monitor" />;
  return (
    <span className="family-list">
      {families.map((family) => (
        <span
          key={family.id.toString()}
          className={`online${family.online ? "" : " is-off"}`}
          title={`${family.address}, ${family.online ? "online" : "offline"}. ${MONITOR_STATUS_DEFINITIONS[family.status]}`}
        >
          {family.family} <span className={`status is-${family.status}`}>{family.status}</span>
          <span className="visually-hidden">{family.online ? "" : ", offline"}</span>
        </span>
      ))}
    </span>
  );
}

/** The agent's own clock, with what its sign means on hover. */
export function OwnClock(props: {
  readonly offset: OffsetNs | undefined;
  readonly columns?: boolean;
}): ReactNode {
  const { offset } = props;
  if (offset === undefined) {
    const nothing = <Nothing why="shares no server with others, or has no answers" />;
    if (props.columns !== true) return nothing;
    return (
      <span className="offset-columns">
        <span className="offset-value">{nothing}</span>
        <span />
        <span />
      </span>
    );
  }
  const text = formatOffset(offset.valueNs, offset.boundNs);
  if (props.columns !== true) {
    return (
      <span className="number" title={ownClockExact(offset)}>
        {text.text}
      </span>
    );
  }
  return (
    <span className="offset-columns number" title={ownClockExact(offset)}>
      <span className="offset-value">{text.value}</span>
      <span className="offset-unit">{NO_BREAK_SPACE + text.unit}</span>
      <span className="offset-bound">
        {text.bound === undefined ? "" : `${NO_BREAK_SPACE}±${NO_BREAK_SPACE}${text.bound}`}
      </span>
    </span>
  );
}

/** Every digit, and which way it is off. */
function ownClockExact({ valueNs, boundNs }: OffsetNs): string {
  const bound = boundNs === undefined ? ", bound unknown" : ` ± ${formatCount(boundNs)} ns`;
  const value = `${valueNs < 0n ? "" : "+"}${formatCount(valueNs)} ns${bound}`;
  const size = valueNs < 0n ? -valueNs : valueNs;
  if (boundNs !== undefined && size <= boundNs)
    return `${value}: within the bound the agent's clock agrees with the fleet`;
  return `${value}: the agent's clock is ${valueNs > 0n ? "ahead of" : "behind"} the fleet's time`;
}

/** "11 of 12"; all of them is the quiet case. */
export function Agreement(props: {
  readonly agent: Pick<AgentFacts, "judged" | "agreed">;
}): ReactNode {
  const { judged, agreed } = props.agent;
  if (judged === 0) return <Nothing why="no server that others judge too" />;
  return (
    <span className="number" title={`${formatShare(agreed / judged)}. ${TERMS.agreement}`}>
      <span className={agreed < judged ? "bad" : ""}>{agreed}</span> of {judged}
    </span>
  );
}
