import type { Timestamptz } from "@truechimer/database";
import { expect, test } from "vitest";
import type { DatabaseFacts } from "./database-facts.ts";
import { databaseFindings } from "./judge-database.ts";

const WELL: DatabaseFacts = {
  version: "18.4",
  unsafeSettings: [],
  isAutovacuumOn: true,
  connectionsUsed: 14,
  connectionsMax: 97,
  bytes: 34_000_000n,
  oldestTransactionSeconds: 0.2,
  replicas: [{ host: "a", version: "1.0.0", roles: ["api", "scorer", "worker"], silentSeconds: 3 }],
  loops: [{ name: "partitions", overdueSeconds: 0, failures: 0, outcome: "ok" }],
  scorerLagSeconds: 0.4,
  resultsWaiting: 12,
  serversSetAside: 0,
  archives: [],
  acme: undefined,
  daysAhead: 3,
  authorityDaysLeft: 3_000,
  agents: 2,
  agentsWithoutCertificate: [],
  backupDaysAgo: 0.5,
};

test("an installation that is well has nothing to be told", () => {
  const findings = databaseFindings(WELL);
  expect(findings.filter(({ health }) => health !== "ok")).toEqual([]);
  expect(findings.map(({ found }) => found)).toEqual([
    "PostgreSQL 18.4 keeps what it acknowledges, in 34 MB",
    "14 of 97 in use",
    "the oldest has been open for 0 s",
    "1 process runs, version 1.0.0",
    "all 1 in time",
    "12 results wait, the oldest for 0 s",
    "results have a place for 3 days ahead",
    "its certificates hold for 3000 days more",
    "2 enrolled, each with a certificate that holds",
    "the last was made 12 h ago",
  ]);
});

const [replica] = WELL.replicas;

test.each<{ given: Partial<DatabaseFacts>; health: string; found: string; remedy: string }>([
  {
    given: { unsafeSettings: ["fsync"], isAutovacuumOn: false },
    health: "problem settings",
    found: "off: fsync, autovacuum",
    remedy: "postgresql.conf",
  },
  {
    given: {
      acme: {
        names: ["clocks.example.net"],
        daysLeft: undefined,
        overdueSeconds: 0,
        lastError: "certificate_refused: no",
        nextAttemptSeconds: 900,
      },
    },
    health: "problem dashboard",
    found: "clocks.example.net has none yet; certificate_refused: no (next attempt in 15 min)",
    remedy: "serve-the-dashboard-by-tls.md",
  },
  {
    given: {
      acme: {
        names: ["a.example.net", "b.example.net"],
        daysLeft: 12.5,
        overdueSeconds: 200_000,
        lastError: "",
        nextAttemptSeconds: -60,
      },
    },
    health: "warning dashboard",
    found: "that of a.example.net, b.example.net holds for 12 days more",
    remedy: "role worker",
  },
  {
    given: {
      acme: {
        names: ["a.example.net"],
        daysLeft: -1,
        overdueSeconds: 2_000_000,
        lastError: "peer_unreachable: no",
        nextAttemptSeconds: 60,
      },
    },
    health: "problem dashboard",
    found: "that of a.example.net has ended; peer_unreachable: no (next attempt in 1 min)",
    remedy: "serve-the-dashboard-by-tls.md",
  },
  {
    given: { archives: [{ target: "http://a/b", seconds: 900, lastError: "", lostBefore: null }] },
    health: "problem archive",
    found: "http://a/b is 15 min behind",
    remedy: "role worker",
  },
  {
    given: {
      archives: [
        {
          target: "http://a/b",
          seconds: 4,
          lastError: "archive_refused: no",
          lostBefore: "2026-03-01T00:00:00.000000Z" as Timestamptz,
        },
      ],
    },
    health: "warning archive",
    found:
      "http://a/b is 4 s behind; archive_refused: no; results before 2026-03-01 were dropped unsent",
    remedy: "see that the archive runs",
  },
  {
    given: { connectionsUsed: 90 },
    health: "warning connections",
    found: "90 of 97 in use",
    remedy: "raise max_connections",
  },
  {
    given: { oldestTransactionSeconds: 7_300 },
    health: "warning transaction",
    found: "the oldest has been open for 2 h",
    remedy: "pg_terminate_backend",
  },
  {
    given: { replicas: [] },
    health: "problem processes",
    found: "0 processes run, and none has the role api, scorer, worker",
    remedy: "truechimer up",
  },
  {
    given: { replicas: WELL.replicas.map((one) => ({ ...one, silentSeconds: 61 })) },
    health: "problem processes",
    found: "0 processes run, and none has the role api, scorer, worker",
    remedy: "truechimer up",
  },
  {
    given: {
      replicas: [
        ...WELL.replicas,
        { host: "b", version: "0.9.0", roles: replica?.roles ?? [], silentSeconds: 1 },
      ],
    },
    health: "warning processes",
    found: "2 processes run, version 1.0.0 and 0.9.0",
    remedy: "finish the upgrade",
  },
  {
    given: {
      loops: [
        { name: "partitions", overdueSeconds: 7_200, failures: 0, outcome: "ok" },
        { name: "clean_up", overdueSeconds: 0, failures: 3, outcome: "database_busy" },
      ],
    },
    health: "problem loops",
    found: "partitions is overdue by 2 h; clean_up failed 3 times in a row (database_busy)",
    remedy: "the role worker",
  },
  {
    given: { scorerLagSeconds: 300, resultsWaiting: 9_000, serversSetAside: 2 },
    health: "problem scores",
    found:
      "9000 results wait, the oldest for 5 min; 2 servers are set aside, because scoring them failed",
    remedy: "the role scorer",
  },
  {
    given: { daysAhead: 0 },
    health: "warning partitions",
    found: "results have a place for 0 days ahead",
    remedy: "truechimer system run partitions",
  },
  {
    given: { authorityDaysLeft: 12.7 },
    health: "problem authority",
    found: "its certificates hold for 12 days more",
    remedy: "a process with a master key",
  },
  {
    given: { agentsWithoutCertificate: ["a", "b", "c", "d", "e", "f"] },
    health: "warning agents",
    found: "without a certificate that holds: a, b, c, d, e and others",
    remedy: "truechimer-agent doctor",
  },
  {
    given: { backupDaysAgo: undefined },
    health: "warning backup",
    found: "none was made by truechimer backup",
    remedy: "truechimer backup DIRECTORY",
  },
  {
    given: { backupDaysAgo: 9 },
    health: "warning backup",
    found: "the last was made 9 d ago",
    remedy: "truechimer backup DIRECTORY",
  },
])("$found", ({ given, health, found, remedy }) => {
  const bad = databaseFindings({ ...WELL, ...given }).filter((one) => one.health !== "ok");
  expect(bad).toHaveLength(1);
  expect(`${bad[0]?.health} ${bad[0]?.what}`).toBe(health);
  expect(bad[0]?.found).toBe(found);
  expect(bad[0]?.remedy).toContain(remedy);
  expect(bad[0]?.expected).not.toBe("");
});
