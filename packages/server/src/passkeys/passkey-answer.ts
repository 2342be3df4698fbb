// An answer of a passkey as browsers write it (PublicKeyCredential.toJSON), as far as it has to be read before it is verified:
// which passkey answers, and which challenge. Web Authentication, Level 3, sections 5.1 and 5.8.1.

import * as z from "zod";

/** Web Authentication, Level 3, section 4: a credential's id has at most 1,023 bytes, in base64url 1,364 characters. */
const ID_CHARACTERS_MAX = 1_364;
/** An attestation with certificates, or a signature of a post-quantum algorithm. */
const FIELD_CHARACTERS_MAX = 16_384;
const ANSWER_CHARACTERS_MAX = 64 * 1024;
const TRANSPORTS_MAX = 8;
const TRANSPORT_CHARACTERS_MAX = 32;

const base64Url = (charactersMax: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(charactersMax)
    .regex(/^[A-Za-z0-9_-]+$/);
const field = base64Url(FIELD_CHARACTERS_MAX);
const id = base64Url(ID_CHARACTERS_MAX);

const signed = z.object({
  id,
  rawId: id,
  type: z.literal("public-key"),
  response: z.object({
    clientDataJSON: field,
    authenticatorData: field,
    signature: field,
    userHandle: field.nullish(),
  }),
});
const made = z.object({
  id,
  rawId: id,
  type: z.literal("public-key"),
  response: z.object({
    clientDataJSON: field,
    attestationObject: field,
    transports: z.array(z.string().max(TRANSPORT_CHARACTERS_MAX)).max(TRANSPORTS_MAX).optional(),
  }),
});
const clientData = z.object({
  challenge: base64Url(FIELD_CHARACTERS_MAX),
  crossOrigin: z.boolean().optional(),
});

interface Answer<Response> {
  readonly id: string;
  readonly rawId: string;
  readonly type: "public-key";
  readonly response: Response & { readonly clientDataJSON: string };
}

/** What was to be signed, in base64url. */
interface WithChallenge {
  readonly challenge: string;
}

interface SignedResponse {
  readonly authenticatorData: string;
  readonly signature: string;
  readonly userHandle?: string | null | undefined;
}

interface MadeResponse {
  readonly attestationObject: string;
  readonly transports?: string[] | undefined;
}

/** Of a passkey that is known. */
export type SignedAnswer = Answer<SignedResponse> & WithChallenge;
/** Of a new one. */
export type MadeAnswer = Answer<MadeResponse> & WithChallenge;

/** Undefined: it is none, or was given to a page within another site's. */
export function parseSignedAnswer(json: string): SignedAnswer | undefined {
  return withChallenge(signed.safeParse(parseJson(json)).data);
}

/** Undefined: it is none, or was given to a page within another site's. */
export function parseMadeAnswer(json: string): MadeAnswer | undefined {
  return withChallenge(made.safeParse(parseJson(json)).data);
}

function withChallenge<Response>(
  answer: Answer<Response> | undefined,
): (Answer<Response> & WithChallenge) | undefined {
  if (answer === undefined) return undefined;
  const text = Buffer.from(answer.response.clientDataJSON, "base64url").toString("utf8");
  const { data } = clientData.safeParse(parseJson(text));
  if (data === undefined || data.crossOrigin === true) return undefined;
  return { ...answer, challenge: data.challenge };
}

function parseJson(text: string): unknown {
  if (text.length > ANSWER_CHARACTERS_MAX) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
