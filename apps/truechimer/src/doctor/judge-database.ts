// What the facts of the database mean. Pure.

import { byteText } from "../backup/byte-text.ts";
import type { AcmeFact, ArchiveFact, DatabaseFacts } from "./database-facts.ts";
import { type DoctorFinding, findingsOf, judged } from "./finding.ts";

/** A share of connections in use from which on a process more may find none. */
const CONNECTIONS_SHARE_MAX = 0.8;
/** Such a transaction keeps what is deleted from being cleaned up; a backup is one while it is made. */
const TRANSACTION_SECONDS_MAX = 3_600;
/** A process says that it lives every few seconds. */
const SILENT_SECONDS_MAX = 60;
/** A loop is a job that some process takes within seconds. */
const OVERDUE_SECONDS_MAX = 60;
const FAILURES_MAX = 3;
/** A pool at rest has less than a second. */
const LAG_SECONDS_MAX = 60;
/** At rest it has some five seconds. */
const ARCHIVE_LAG_SECONDS_MAX = 600;
/** The issuing authority is renewed long before. */
const AUTHORITY_DAYS_MIN = 30;
/** It is tried within a minute, and again within half a day. */
const ACME_OVERDUE_SECONDS_MAX = 86_400;
const BACKUP_DAYS_MAX = 7;
const NAMES_SHOWN = 5;

export function databaseFindings(facts: DatabaseFacts): readonly DoctorFinding[] {
  return [
    ...serverFindings(facts),
    replicasFinding(facts),
    loopsFinding(facts),
    scorerFinding(facts),
    ...facts.archives.map(archiveFinding),
    partitionsFinding(facts),
    ...certificateFindings(facts),
    backupFinding(facts),
  ];
}

function serverFindings(facts: DatabaseFacts): readonly DoctorFinding[] {
  const { unsafeSettings, isAutovacuumOn, connectionsUsed, connectionsMax } = facts;
  const off = [...unsafeSettings, ...(isAutovacuumOn ? [] : ["autovacuum"])];
  return [
    judged({
      what: "settings",
      problem: off.length > 0,
      found:
        off.length === 0
          ? `PostgreSQL ${facts.version} keeps what it acknowledges, in ${byteText(Number(facts.bytes))}`
          : `off: ${off.join(", ")}`,
      expected: "fsync, full_page_writes, synchronous_commit and autovacuum are on",
      remedy:
        "set them to on in postgresql.conf, and reload it: without them a power cut loses results that were acknowledged",
    }),
    judged({
      what: "connections",
      warning: connectionsUsed > connectionsMax * CONNECTIONS_SHARE_MAX,
      found: `${connectionsUsed} of ${connectionsMax} in use`,
      expected: `at most ${CONNECTIONS_SHARE_MAX * 100} % of them`,
      remedy:
        "raise max_connections, or lower database.pool_size of the processes: each takes so many, and three more with the role worker",
    }),
    judged({
      what: "transaction",
      warning: facts.oldestTransactionSeconds > TRANSACTION_SECONDS_MAX,
      found: `the oldest has been open for ${spanText(facts.oldestTransactionSeconds)}`,
      expected: `none for longer than ${spanText(TRANSACTION_SECONDS_MAX)}`,
      remedy:
        "see pg_stat_activity for who has it, and end it with pg_terminate_backend unless it is a backup: deleted rows stay as long as it does",
    }),
  ];
}

function replicasFinding({ replicas }: DatabaseFacts): DoctorFinding {
  const alive = replicas.filter(({ silentSeconds }) => silentSeconds <= SILENT_SECONDS_MAX);
  const roles = new Set(alive.flatMap((one) => one.roles));
  const missing = ["api", "scorer", "worker"].filter((role) => !roles.has(role));
  const versions = new Set(alive.map(({ version }) => version));
  const count = `${alive.length} ${alive.length === 1 ? "process runs" : "processes run"}`;
  return judged({
    what: "processes",
    problem: missing.length > 0,
    warning: versions.size > 1,
    found:
      missing.length > 0
        ? `${count}, and none has the role ${missing.join(", ")}`
        : `${count}, version ${[...versions].join(" and ")}`,
    expected: "one at least for each of the roles api, scorer and worker, all of one version",
    remedy:
      missing.length > 0
        ? `start one: truechimer up, or truechimer server --roles ${missing.join(",")}`
        : "finish the upgrade: stop those of the older version",
  });
}

function loopsFinding({ loops }: DatabaseFacts): DoctorFinding {
  const bad = loops.filter(
    ({ overdueSeconds, failures }) =>
      overdueSeconds > OVERDUE_SECONDS_MAX || failures >= FAILURES_MAX,
  );
  const said = bad
    .slice(0, NAMES_SHOWN)
    .map(({ name, overdueSeconds, failures, outcome }) =>
      failures >= FAILURES_MAX
        ? `${name} failed ${failures} times in a row (${outcome})`
        : `${name} is overdue by ${spanText(overdueSeconds)}`,
    );
  return judged({
    what: "loops",
    problem: bad.length > 0,
    found: bad.length === 0 ? `all ${loops.length} in time` : said.join("; "),
    expected: "each runs within a minute of its time, and not three failures in a row",
    remedy:
      'see that a process with the role worker runs; "truechimer system" and the log have the reason',
  });
}

function scorerFinding(facts: DatabaseFacts): DoctorFinding {
  const { scorerLagSeconds, resultsWaiting, serversSetAside } = facts;
  const aside =
    serversSetAside === 0
      ? ""
      : `; ${serversSetAside} servers are set aside, because scoring them failed`;
  return judged({
    what: "scores",
    problem: scorerLagSeconds > LAG_SECONDS_MAX,
    warning: serversSetAside > 0,
    found: `${resultsWaiting} results wait, the oldest for ${spanText(scorerLagSeconds)}${aside}`,
    expected: `none for longer than ${spanText(LAG_SECONDS_MAX)}, and no server set aside`,
    remedy:
      "see that a process with the role scorer runs and what its log says; more of them share the work",
  });
}

function archiveFinding({ target, seconds, lastError, lostBefore }: ArchiveFact): DoctorFinding {
  const lost =
    lostBefore === null ? "" : `; results before ${lostBefore.slice(0, 10)} were dropped unsent`;
  const failed = lastError === "" ? "" : `; ${lastError}`;
  return judged({
    what: "archive",
    problem: seconds > ARCHIVE_LAG_SECONDS_MAX,
    warning: lastError !== "" || lostBefore !== null,
    found: `${target} is ${spanText(seconds)} behind${failed}${lost}`,
    expected: `at most ${spanText(ARCHIVE_LAG_SECONDS_MAX)}, and every try is answered`,
    remedy:
      "see that the archive runs and that a process with its settings has the role worker; nothing is lost while results are kept here",
  });
}

function partitionsFinding({ daysAhead }: DatabaseFacts): DoctorFinding {
  return judged({
    what: "partitions",
    warning: daysAhead < 1,
    found: `results have a place for ${daysAhead} days ahead`,
    expected: "tomorrow's is made already",
    remedy:
      "truechimer system run partitions; until then rows go to the default partition, and none is lost",
  });
}

function certificateFindings(facts: DatabaseFacts): readonly DoctorFinding[] {
  const { authorityDaysLeft, agents, agentsWithoutCertificate: without } = facts;
  const { ok } = findingsOf("authority");
  const authority =
    authorityDaysLeft === undefined
      ? ok("there is none: no process has had a master key")
      : judged({
          what: "authority",
          problem: authorityDaysLeft < AUTHORITY_DAYS_MIN,
          found: `its certificates hold for ${Math.floor(authorityDaysLeft)} days more`,
          expected: `${AUTHORITY_DAYS_MIN} days at least`,
          remedy: "see that a process with a master key runs: it renews them by itself",
        });
  const more = without.length > NAMES_SHOWN ? " and others" : "";
  return [
    authority,
    ...(facts.acme === undefined ? [] : [acmeFinding(facts.acme)]),
    judged({
      what: "agents",
      warning: without.length > 0,
      found:
        without.length === 0
          ? `${agents} enrolled, each with a certificate that holds`
          : `without a certificate that holds: ${without.slice(0, NAMES_SHOWN).join(", ")}${more}`,
      expected: "each agent renews its certificate in the last third of its life",
      remedy:
        'run "truechimer-agent doctor" on its host, or remove it if it is gone: truechimer agents remove',
    }),
  ];
}

function acmeFinding(acme: AcmeFact): DoctorFinding {
  const { names, daysLeft, overdueSeconds, lastError, nextAttemptSeconds } = acme;
  const held =
    daysLeft === undefined
      ? `${names.join(", ")} has none yet`
      : daysLeft <= 0
        ? `that of ${names.join(", ")} has ended`
        : `that of ${names.join(", ")} holds for ${Math.floor(daysLeft)} days more`;
  const next = nextAttemptSeconds > 0 ? ` (next attempt in ${spanText(nextAttemptSeconds)})` : "";
  return judged({
    what: "dashboard",
    problem: daysLeft === undefined || daysLeft <= 0,
    warning: lastError !== "" || overdueSeconds > ACME_OVERDUE_SECONDS_MAX,
    found: lastError === "" ? held : `${held}; ${lastError}${next}`,
    expected: "a certificate by ACME that is renewed in the last third of its life",
    remedy:
      lastError === ""
        ? 'see that a process with the role worker runs with listen.tls = "acme", and its log'
        : "docs/how-to/serve-the-dashboard-by-tls.md, when no certificate comes",
  });
}

function backupFinding({ backupDaysAgo }: DatabaseFacts): DoctorFinding {
  return judged({
    what: "backup",
    warning: backupDaysAgo === undefined || backupDaysAgo > BACKUP_DAYS_MAX,
    found:
      backupDaysAgo === undefined
        ? "none was made by truechimer backup"
        : `the last was made ${spanText(backupDaysAgo * DAY_SECONDS)} ago`,
    expected: `one within ${BACKUP_DAYS_MAX} days`,
    remedy:
      "truechimer backup DIRECTORY, by the clock; leave this warning be if you back up the database otherwise",
  });
}

const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 86_400;

/** "12 s", "5 min", "3 h", "9 d". */
function spanText(seconds: number): string {
  if (seconds < MINUTE_SECONDS) return `${Math.round(seconds)} s`;
  if (seconds < HOUR_SECONDS) return `${Math.round(seconds / MINUTE_SECONDS)} min`;
  if (seconds < 2 * DAY_SECONDS) return `${Math.round(seconds / HOUR_SECONDS)} h`;
  return `${Math.round(seconds / DAY_SECONDS)} d`;
}
