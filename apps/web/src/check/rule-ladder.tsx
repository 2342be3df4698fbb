// The ladder of rules that an answer climbs: tried from the top, the first that fails decides.

import { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";

const { RuleOutcome } = adminV1;

export function RuleLadder(props: { readonly rules: readonly adminV1.RuleResult[] }): ReactNode {
  if (props.rules.length === 0)
    return <p className="soft">No rule was tried: nothing came back.</p>;
  return (
    <ol className="ladder">
      {props.rules.map((rule) => (
        <Rung key={rule.rule} rule={rule} />
      ))}
    </ol>
  );
}

function Rung(props: { readonly rule: adminV1.RuleResult }): ReactNode {
  const { rule } = props;
  const word =
    rule.outcome === RuleOutcome.PASS
      ? "pass"
      : rule.outcome === RuleOutcome.FAIL
        ? "fail"
        : "not tried";
  return (
    <li className={`rung is-${word.replace(" ", "-")}`}>
      <span className="rung-outcome">
        <svg width={12} height={12} viewBox="-6 -6 12 12" aria-hidden="true">
          <path
            d={
              word === "pass"
                ? "M-4 0L-1 3L4 -3"
                : word === "fail"
                  ? "M-4 -4L4 4M4 -4L-4 4"
                  : "M-4 0H4"
            }
          />
        </svg>
        {word}
      </span>
      <span className="rung-title">
        {rule.title}
        <span className="rung-text">{rule.text}</span>
      </span>
      <span className="rung-source" title={`reason code: ${rule.rule}`}>
        {rule.source}
      </span>
    </li>
  );
}
