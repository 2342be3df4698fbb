// Signing in on the smallest pool of connections that a configuration allows.

import { useDatabase } from "@truechimer/testing-postgres";
import { expect, test } from "vitest";
import { useServer } from "./_test-server.ts";
import { createUser, PASSWORD, sessionCookie } from "./_users.ts";

const database = await useDatabase({ poolSize: 2 });
const { server } = await useServer(database);

test("people who sign in at once, each with a session before, do not wait for each other's connections", async () => {
  const user = await createUser(database, { name: "ada", role: "viewer" });
  const cookies: string[] = [];
  for (let index = 0; index < 8; index += 1) cookies.push(await sessionCookie(database, user.id));
  const statuses = await Promise.all(
    cookies.map(async (cookie) => {
      const answer = await fetch(`${server.url}/truechimer.admin.v1.SignInService/SignIn`, {
        method: "POST",
        headers: { "content-type": "application/json", cookie },
        body: JSON.stringify({ name: "ada", password: PASSWORD }),
      });
      return answer.status;
    }),
  );
  expect(statuses).toEqual(cookies.map(() => 200));
  const { rows } = await database.pool.query("select 1 from user_sessions");
  expect(rows).toHaveLength(cookies.length);
});
