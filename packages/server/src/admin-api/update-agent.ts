// UpdateAgent: what people know of an agent, after it was let in.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { type AgentWords, changeAgent } from "../enrolment/change-agent.ts";
import { countryCode, personWords } from "../enrolment/person-words.ts";
import type { ActingContext } from "../people/caller.ts";
import { type FoundAgent, findAgent } from "./agent-messages.ts";

export async function updateAgent(
  context: ActingContext,
  request: adminV1.UpdateAgentRequest,
): Promise<adminV1.UpdateAgentResponse> {
  const words = agentWords(request);
  if (Object.keys(words).length === 0) {
    throw new AppError(
      "bad_request",
      "there is nothing to change: expected at least one of name, country, network and location",
    );
  }
  const found = await findAgent(context, request.id);
  const problem = refusal(found, words);
  if (problem !== undefined) throw new AppError("bad_request", problem);
  const { row, monitorIds } = found;
  await changeAgent(context, { agentId: row?.id, monitorIds }, words);
  const { message: agent } = await findAgent(context, request.id);
  return create(adminV1.UpdateAgentResponseSchema, { agent });
}

function agentWords({ name, country, network, location }: adminV1.UpdateAgentRequest): AgentWords {
  return {
    ...(name === undefined ? {} : { name: personWords("name", name) }),
    ...(country === undefined ? {} : { country: countryCode(country) }),
    ...(network === undefined ? {} : { network: personWords("network", network) }),
    ...(location === undefined ? {} : { location: personWords("location", location) }),
  };
}

function refusal({ message, row }: FoundAgent, { name }: AgentWords): string | undefined {
  if (message.lab) {
    return `${message.name} is a virtual agent of the lab: where it stands is simulated`;
  }
  if (name === "") return "name is empty: expected what people call the agent";
  if (name === undefined || name === message.name || row !== undefined) return undefined;
  return `${message.name} has a bearer token and no certificate: its name is what it is known by, and cannot be changed here`;
}
