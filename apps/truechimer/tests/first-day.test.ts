// What somebody does on the first day, with real programs alone: two servers of their own, a viewer who may change nothing, a mail
// when one server lies and when it is right again, the packets behind it, the day as a file, and everything back after it was lost.

import { readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { type ChronyServer, chronyAvailable, startChronyServer } from "@truechimer/testing-chrony";
import type { Browser, Page } from "playwright-core";
import { SMTPServer } from "smtp-server";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { browserPath, launchBrowser } from "./_browser.ts";
import { type OwnTimeServer, startOwnTimeServer } from "./_own-time-server.ts";
import { command, createDataHome, type DataHome, startUp, type UpProgram } from "./_up-program.ts";

// Each step takes seconds; the limits are for a host that is busy with other tests.
const LIMIT_MS = 180_000;
vi.setConfig({ testTimeout: LIMIT_MS });
const ADMIN_PASSWORD = "correct horse battery staple";
const VIEWER_PASSWORD = "another horse, another battery";
const TWO_SECONDS_NS = 2_000_000_000n;

describe.skipIf(browserPath() === undefined || !chronyAvailable())("the first day", () => {
  let home: DataHome;
  let up: UpProgram;
  let honest: ChronyServer;
  let own: OwnTimeServer;
  let mailbox: Mailbox;
  let browser: Browser;
  let admin: Page;

  beforeAll(async () => {
    home = await createDataHome();
    [up, honest, own, mailbox, browser] = await Promise.all([
      startUp(home, { args: ["--no-lab"] }),
      startChronyServer(),
      startOwnTimeServer(),
      startMailbox(),
      launchBrowser(),
    ]);
    admin = await newPage();
  }, LIMIT_MS);

  afterAll(async () => {
    await browser.close();
    await up[Symbol.asyncDispose]();
    await mailbox[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
    await honest[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  }, LIMIT_MS);

  async function newPage(): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    page.setDefaultTimeout(LIMIT_MS / 4);
    return page;
  }

  async function good(words: readonly string[]): Promise<readonly Record<string, unknown>[]> {
    const { code, err, json } = await command(home, words);
    expect(err).toBe("");
    expect(code).toBe(0);
    return json();
  }

  async function verdictOf(target: string): Promise<string> {
    const servers = await good(["servers"]);
    const found = servers.find(
      ({ address, port }) => `${String(address)}:${String(port)}` === target,
    );
    return String(found?.["verdict"]);
  }

  const becomes = (target: string, verdict: string): Promise<void> =>
    vi.waitFor(async () => expect(await verdictOf(target)).toBe(verdict), {
      timeout: LIMIT_MS / 2,
      interval: 500,
    });

  test("the printed address makes the admin", async () => {
    await admin.goto(up.dashboardUrl);
    await admin.goto(`${up.origin}/people`);
    await admin.getByLabel("Your name or e-mail address").fill("ada@example.net");
    await admin.getByLabel("A password").fill(ADMIN_PASSWORD);
    await admin.getByRole("button", { name: "Make me the first admin" }).click();
    await admin.getByText("You are ada@example.net, admin.").waitFor();
  });

  test("two servers of one's own are watched, and believed", async () => {
    await good(["servers", "add", `127.0.0.1:${honest.port}`, own.target]);
    await becomes(`127.0.0.1:${honest.port}`, "truechimer");
    await becomes(own.target, "truechimer");
  });

  test("a viewer who is invited sees them, and may change nothing", async () => {
    await admin.getByRole("button", { name: "Invite somebody" }).click();
    await admin.getByLabel("Name or e-mail address").fill("grace");
    await admin.getByRole("button", { name: "Make a link" }).click();
    const viewer = await newPage();
    await viewer.goto(await admin.getByText(/welcome#tcl_/).innerText());
    await viewer.getByLabel("Password").fill(VIEWER_PASSWORD);
    await viewer.getByRole("button", { name: "Set it and sign in" }).click();
    await viewer.getByRole("heading", { level: 1, name: /servers agree/ }).waitFor();
    const refused = await viewer
      .context()
      .request.post(`${up.origin}/truechimer.admin.v1.AdminService/RemoveServers`, {
        data: { ids: ["1"] },
        headers: { "content-type": "application/json" },
      });
    expect(refused.status()).toBe(403);
    await viewer.context().close();
  });

  test("a mail comes when a server lies", async () => {
    const server = `127.0.0.1:${mailbox.port}`;
    const mail = "--security none --from alerts@clocks.example --to ada@example.net";
    await good(`alerts channels add-email mail --server ${server} ${mail}`.split(" "));
    const rule = "--filter verdict:falseticker --severity critical --to mail";
    await good(`alerts rules add liars ${rule}`.split(" "));
    own.setAhead(TWO_SECONDS_NS);
    await becomes(own.target, "falseticker");
    await vi.waitFor(() => expect(mailbox.subjects).toHaveLength(1), LIMIT_MS / 4);
    expect(mailbox.subjects[0]).toMatch(/^\[critical\] 127\.0\.0\.1.*: liars$/);
  });

  test("the page tells whose fault it is and why, down to the packets", async () => {
    await admin.goto(`${up.origin}/servers`);
    const [, port = ""] = own.target.split(":");
    await admin
      .getByRole("link", { name: new RegExp(port) })
      .first()
      .click();
    await admin
      .getByText(/falseticker/)
      .first()
      .waitFor();
    await admin
      .getByRole("region", { name: "Whose fault" })
      .getByText(/the server: its clock/)
      .first()
      .waitFor();
    await admin.getByRole("table").locator("a[href*='/checks/']").first().click();
    await admin
      .getByText(/The origin is our nonce/)
      .first()
      .waitFor();
  });

  test("it is over when the server is right again, and that is told", async () => {
    own.setAhead(0n);
    await becomes(own.target, "truechimer");
    await vi.waitFor(() => expect(mailbox.subjects.length).toBeGreaterThan(1), LIMIT_MS / 2);
    expect(mailbox.subjects).toHaveLength(2);
    expect(mailbox.subjects[1]).toMatch(/^\[recovered\] /);
  });

  test("the day is a file that another engine reads", async () => {
    const file = join(dirname(home.path), "day.parquet");
    await rm(file, { force: true });
    const today = new Date().toISOString().slice(0, 10);
    await good(["export", "checks", "--from", today, "--output", file]);
    const instance = await DuckDBInstance.create();
    const connection = await instance.connect();
    const reader = await connection.runAndReadAll(
      `select count(*)::int as checks from read_parquet('${file}')`,
    );
    // As many as both servers were checked meanwhile: a few.
    expect(Number(reader.getRowObjectsJson()[0]?.["checks"])).toBeGreaterThan(2);
    connection.closeSync();
    instance.closeSync();
  });

  test("everything comes back after it was lost", async () => {
    const backup = join(dirname(home.path), "backup.tar.zst");
    const key = await readFile(join(home.path, "master.key"));
    await good(["backup", backup, "--with-master-key"]);
    const before = await good(["servers"]);
    await up.stop();
    await rm(home.path, { recursive: true });
    await good(["restore", backup, "--data-dir", home.path]);
    up = await startUp(home, { args: ["--no-lab"] });
    expect(await readFile(join(home.path, "master.key"))).toEqual(key);
    const after = await good(["servers"]);
    const named = (servers: typeof after): unknown => servers.map(({ id, name }) => ({ id, name }));
    expect(named(after)).toEqual(named(before));
    expect(new Set((await good(["users"])).map(({ name }) => name))).toEqual(
      new Set(["ada@example.net", "grace"]),
    );
    await good(["audit", "verify"]);
    await becomes(own.target, "truechimer");
  });
});

interface Mailbox extends AsyncDisposable {
  readonly port: number;
  /** Of the mails that came, in their order. */
  readonly subjects: readonly string[];
}

async function startMailbox(): Promise<Mailbox> {
  const subjects: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    logger: false,
    onData: (stream, _session, done) => {
      let text = "";
      stream.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      stream.on("end", () => {
        subjects.push(
          /^Subject: (.*(?:\r\n[ \t].*)*)/m.exec(text)?.[1]?.replaceAll(/\r\n\s/g, " ") ?? "",
        );
        done(null);
      });
    },
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve());
  });
  const address = server.server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    subjects,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
      }),
  };
}
