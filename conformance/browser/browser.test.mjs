// Pages in a real Chromium against the built binary: JSONP, CORS, and what a page that is not trusted gets.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";

import { chromium } from "playwright-core";

const password = "Correct-horse-7";
let server, pages, profile, context;

before(async () => {
  server = await startDoorward();
  pages = createServer((request, response) => {
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.end("<!doctype html><title>page</title>");
  });
  await new Promise((resolve) => pages.listen(0, "127.0.0.1", resolve));
  // The API lies on another site than the pages, as it does in the field, so its cookie is a third-party cookie. The
  // profile allows these: what must hold, must hold where the browser does not protect anybody.
  profile = mkdtempSync(path.join(tmpdir(), "doorward-profile-"));
  mkdirSync(path.join(profile, "Default"));
  writeFileSync(
    path.join(profile, "Default", "Preferences"),
    JSON.stringify({ profile: { cookie_controls_mode: 0, block_third_party_cookies: false } }),
  );
  context = await chromium.launchPersistentContext(profile, {
    ignoreHTTPSErrors: true,
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--host-resolver-rules=MAP stranger.example 127.0.0.1",
    ],
  });
});

after(async () => {
  await context?.close();
  if (profile) rmSync(profile, { recursive: true, force: true });
  pages?.close();
  await server?.stop();
});

describe("a page of the site", () => {
  it("calls by JSONP", async () => {
    const page = await open("localhost");
    const answer = await jsonp(page, "accounts.initRegistration", { apiKey: server.apiKey });
    assert.equal(answer.errorCode, 0);
    assert.ok(answer.regToken);
    await page.close();
  });

  it("registers, logs in and reads its account with cross-origin requests", async () => {
    const page = await open("localhost");
    const { regToken } = await post(page, "accounts.initRegistration", { apiKey: server.apiKey });
    const account = await post(page, "accounts.register", {
      apiKey: server.apiKey,
      regToken,
      email: "page@example.com",
      password,
      finalizeRegistration: "true",
      targetEnv: "jssdk",
    });
    assert.equal(account.errorCode, 0);
    const own = await post(page, "accounts.getAccountInfo", {
      apiKey: server.apiKey,
      login_token: account.sessionInfo.login_token,
    });
    assert.equal(own.UID, account.UID);
    await page.close();
  });

  it("reads the account that its cookie belongs to", async () => {
    await logInByCookie();
    const page = await open("localhost");
    const answer = await jsonp(page, "accounts.getAccountInfo", { apiKey: server.apiKey });
    assert.equal(answer.errorCode, 0);
    assert.equal(answer.profile.email, "page@example.com");
    await page.close();
  });
});

describe("a page of a stranger", () => {
  it("gets nothing by JSONP that a cookie protects", async () => {
    await logInByCookie();
    const page = await open("stranger.example");
    const answer = await jsonp(page, "accounts.getAccountInfo", { apiKey: server.apiKey });
    assert.equal(answer.errorCode, 400120);
    assert.equal(JSON.stringify(answer).includes("page@example.com"), false);
    await page.close();
  });

  it("cannot read an answer with credentials", async () => {
    await logInByCookie();
    const page = await open("stranger.example");
    await assert.rejects(post(page, "accounts.getAccountInfo", { apiKey: server.apiKey }), /Failed to fetch/);
    await page.close();
  });
});

async function open(host) {
  const page = await context.newPage();
  await page.goto(`http://${host}:${pages.address().port}/`);
  return page;
}

// The cookie is what a site sets on the server's host when both share a domain.
async function logInByCookie() {
  const form = new URLSearchParams({ apiKey: server.apiKey, loginID: "page@example.com", password });
  const login = await (await fetch(`${server.http}/accounts.login`, { method: "POST", body: form })).json();
  await context.addCookies([
    { name: login.sessionInfo.cookieName, value: login.sessionInfo.cookieValue, url: server.https, secure: true, sameSite: "None" },
  ]);
}

function jsonp(page, method, params) {
  return page.evaluate(
    ([url, query]) =>
      new Promise((resolve, reject) => {
        window.answered = resolve;
        const script = document.createElement("script");
        script.onerror = () => reject(new Error("the script did not load"));
        script.src = `${url}?${new URLSearchParams({ ...query, format: "jsonp", callback: "window.answered" })}`;
        document.head.append(script);
      }),
    [`${server.https}/${method}`, params],
  );
}

function post(page, method, params) {
  return page.evaluate(
    async ([url, form]) => {
      const response = await fetch(url, { method: "POST", credentials: "include", body: new URLSearchParams(form) });
      return response.json();
    },
    [`${server.https}/${method}`, params],
  );
}

async function startDoorward() {
  const binary = process.env.DOORWARD_TEST_BINARY;
  if (!binary) throw new Error("set DOORWARD_TEST_BINARY to the built doorward");
  const data = mkdtempSync(path.join(tmpdir(), "doorward-browser-"));
  const child = spawn(binary, ["dev", "--json", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--data", data], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const first = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`doorward dev ended with status ${code}`)));
  });
  return {
    ...JSON.parse(first),
    async stop() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}
