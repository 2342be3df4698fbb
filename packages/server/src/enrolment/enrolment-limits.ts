// What enrolment puts up with beside the limits on how many and how often (limits/rate-limits.ts).

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 24 * HOUR_SECONDS;

export interface EnrolmentLimits {
  /** A registration whose agent has not asked for this long is cancelled: the agents ask every 5 s. */
  readonly silenceSeconds: number;
  /** So is one that nobody decided for this long. */
  readonly pendingLifeSeconds: number;
  /** An approved agent that has not used its key for this long is removed again. */
  readonly keyWaitSeconds: number;
  /** A repeated enrolment is answered for this long: the agent tries again at once, or after its next boot. */
  readonly repeatSeconds: number;
  /** Registrations that came to nothing stay readable for this long, tokens that ended too. */
  readonly keptSeconds: number;
  /** How exactly a waiting agent's last request is known; more exactly would be a write a request. */
  readonly seenSeconds: number;
  /** A token lives a day, and no more than 30. */
  readonly tokenLifeSeconds: number;
  readonly tokenLifeSecondsMin: number;
  readonly tokenLifeSecondsMax: number;
  /** Body of a registration or a token request: two short words. */
  readonly formBytesMax: number;
  /** RFC 1035, section 2.3.4. */
  readonly hostnameCharactersMax: number;
  /** Name, place and network, in a person's words. */
  readonly wordsCharactersMax: number;
}

export const ENROLMENT_LIMITS: EnrolmentLimits = {
  silenceSeconds: HOUR_SECONDS,
  pendingLifeSeconds: 7 * DAY_SECONDS,
  keyWaitSeconds: 7 * DAY_SECONDS,
  repeatSeconds: DAY_SECONDS,
  keptSeconds: 30 * DAY_SECONDS,
  seenSeconds: 5,
  tokenLifeSeconds: DAY_SECONDS,
  tokenLifeSecondsMin: 60,
  tokenLifeSecondsMax: 30 * DAY_SECONDS,
  formBytesMax: 4_096,
  hostnameCharactersMax: 253,
  wordsCharactersMax: 200,
};
