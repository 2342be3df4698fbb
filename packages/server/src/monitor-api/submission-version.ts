// Versions of SubmitResults: 3 and 4 carry the reduced result, 5 the raw exchanges. Version 2 has no tickets.

export const SUBMISSION_VERSIONS: readonly number[] = [3, 4, 5];
/** From here on a status may name a port, a submission has an id, and `reason` decides instead of `error`. */
export const FIRST_VERSION_WITH_PORTS = 5;
