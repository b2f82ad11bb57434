// A real WordPress with our must-use plugin, and a real service: what a visitor posts ends where it should, and a click on either
// side is seen on the other.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { freePort, startWordPress, until } from "./wordpress.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const BINARY = process.env.BINARY ?? path.join(ROOT, "target/debug/moderato");
const PLUGIN = path.join(ROOT, "integrations/wordpress/moderato.php");

const ENV = {
  ...process.env, MODERATO_WEBHOOKS_NETWORKS: "127.0.0.0/8",
  ...Object.fromEntries(["SITE", "ADDRESS", "EMAIL", "TEXT"].map((limit) => [`MODERATO_LIMITS_${limit}`, "off"])),
};

const NORMAL = { name: "Ann", email: "ann@example.org", text: "I was there yesterday, and the new bridge is much quieter than the old one." };
const SPAM = {
  name: "Best Loans", email: "loans@easy-cash.example", website: "https://easy-cash.example/loans",
  text: "Get a l\u043ean in 5 minutes!!! https://easy-cash.example/apply?ref=7 or WhatsApp +1 555 010 9999",
};
const ABUSE = { name: "Bo", email: "bo@example.org", text: "You are a stupid piece of shit and I hope you die, you fucking idiot." };

let dir, service, wordpress;

async function startService(port) {
  const child = spawn(BINARY, ["serve", "--listen", `127.0.0.1:${port}`, "--data-dir", dir], { env: ENV, cwd: dir });
  let said = "";
  const hear = (data) => { said += data; };
  child.stdout.setEncoding("utf8").on("data", hear);
  child.stderr.setEncoding("utf8").on("data", hear);
  const exited = new Promise((resolve) => child.once("exit", resolve));
  await until(`the service's start, which said ${said}`, () => /listening on/.test(said) && /Configuration: /.test(said));
  return { url: `http://127.0.0.1:${port}`, port, said: () => said, stop: async () => { child.kill("SIGTERM"); await exited; } };
}

const run = (...args) => execFileSync(BINARY, [...args, "--data-dir", dir], { env: ENV, encoding: "utf8" }).trim();

before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "moderato-for-wordpress-"));
  const port = await freePort();
  service = await startService(await freePort());
  const code = service.said().match(/setup code: (\S+)/)[1];
  const secret = run("webhook", "set", "--site", "default", "--hold", "0", `http://127.0.0.1:${port}/?rest_route=/moderato/v1/webhook`);
  const constants = {
    MODERATO_URL: service.url, MODERATO_KEY: run("key", "create", "--site", "default", "--scopes", "submit,read,moderate"), MODERATO_WEBHOOK_SECRET: secret,
  };
  service.key = constants.MODERATO_KEY;
  wordpress = await startWordPress({ port, plugins: [PLUGIN, path.join(ROOT, "tests/wordpress/hurry.php")], constants });
  service.moderator = await signIn(code);
});

after(async () => {
  await wordpress?.close();
  await service?.stop();
  await rm(dir, { recursive: true, force: true });
});

/** The first administrator's browser. */
async function signIn(code) {
  const form = (fields) => ({ method: "POST", redirect: "manual", headers: { "sec-fetch-site": "same-origin", origin: service.url }, body: new URLSearchParams(fields) });
  const answer = await fetch(`${service.url}/setup`, form({ code, name: "Ana", email: "ana@example.org", password: "correct horse battery" }));
  assert.equal(answer.status, 303, await answer.text());
  const cookie = answer.headers.getSetCookie().map((set) => set.split(";")[0]).join("; ");
  const decide = async (id, status, reason = "") => {
    const { revision } = await comment(id);
    const decision = form({ status, reason, revision });
    decision.headers.cookie = cookie;
    const decided = await fetch(`${service.url}/comments/${id}/decision`, decision);
    assert.ok([200, 303].includes(decided.status), `${decided.status} ${await decided.text()}`);
  };
  return { decide };
}

async function comment(id) {
  const answer = await fetch(`${service.url}/v1/comments/${id}`, { headers: { authorization: `Bearer ${service.key}` } });
  assert.equal(answer.status, 200);
  return answer.json();
}

test("a normal reply is published, with what was said of it", async () => {
  const id = await wordpress.comment(NORMAL);
  assert.equal(wordpress.status(id), "1");
  assert.equal(wordpress.meta(id, "moderato_decision"), "approve");
  const stored = await comment(wordpress.meta(id, "moderato_id"));
  assert.equal(stored.text, NORMAL.text);
  assert.match(stored.page, /\?p=1$/);
  assert.equal(stored.ip, "127.0.0.1");
});

test("spam goes to the spam folder, with the reasons", async () => {
  const id = await wordpress.comment(SPAM);
  assert.equal(wordpress.status(id), "spam");
  assert.match(wordpress.meta(id, "moderato_reasons"), /spam\.classifier/);
});

test("abuse waits for a person", async () => {
  const id = await wordpress.comment(ABUSE);
  assert.equal(wordpress.status(id), "0");
  assert.equal(wordpress.meta(id, "moderato_decision"), "hold");
});

test("a click in the dashboard changes it in WordPress", async () => {
  const id = await wordpress.comment({ ...ABUSE, email: "cy@example.org", text: `${ABUSE.text} Cy says so.` });
  const known = wordpress.meta(id, "moderato_id");
  await service.moderator.decide(known, "approved");
  await until("the approval", () => wordpress.status(id) === "1");
  await service.moderator.decide(known, "rejected", "spam");
  await until("the rejection as spam", () => wordpress.status(id) === "spam");
  await service.moderator.decide(known, "held");
  await until("the return to the queue", () => wordpress.status(id) === "0");
  await service.moderator.decide(known, "rejected", "off-topic");
  await until("the rejection for another reason", () => wordpress.status(id) === "trash");
});

test("a click in WordPress changes it here", async () => {
  const id = await wordpress.comment({ ...ABUSE, email: "di@example.org", text: `${ABUSE.text} Di says so.` });
  const known = wordpress.meta(id, "moderato_id");
  const editor = await wordpress.signIn();
  assert.match(await editor.list(), /<strong>hold<\/strong>/);
  await editor.click("approvecomment", id);
  assert.equal((await comment(known)).status, "approved");
  await editor.click("spamcomment", id);
  assert.equal((await comment(known)).status, "rejected");
  // What came from WordPress comes back by webhook, and changes nothing there.
  await until("the outbox's emptiness", () => / *pending 0\t/.test(run("webhook", "show", "--site", "default")));
  assert.equal(wordpress.status(id), "spam");
});

test("an unsigned webhook, or one signed with another secret, is refused", async () => {
  const body = JSON.stringify({ type: "comment.decided", data: { comment: { id: "x", status: "approved", revision: 9 } } });
  const headers = { "content-type": "application/json", "webhook-id": "msg_1", "webhook-timestamp": String(Math.floor(Date.now() / 1000)), "webhook-signature": "v1,AAAA" };
  for (const tried of [{ "content-type": "application/json" }, headers]) {
    const answer = await fetch(`${wordpress.url}/?rest_route=/moderato/v1/webhook`, { method: "POST", headers: tried, body });
    assert.equal(answer.status, 401);
  }
});

test("while the service is away comments are pending, and they are judged when it is back", async () => {
  const { port } = service;
  await service.stop();
  const id = await wordpress.comment({ ...NORMAL, email: "eve@example.org", text: `${NORMAL.text} Said Eve.` });
  assert.equal(wordpress.status(id), "0");
  assert.notEqual(wordpress.meta(id, "moderato_error"), "");
  const { key, moderator } = service;
  service = Object.assign(await startService(port), { key, moderator });
  wordpress.php(`$_SERVER['HTTP_HOST']='127.0.0.1'; require 'wp-load.php'; do_action('moderato_ask', ${id}, 0);`);
  assert.equal(wordpress.status(id), "1");
  assert.equal(wordpress.meta(id, "moderato_error"), "");
  assert.equal((await comment(wordpress.meta(id, "moderato_id"))).external_id, `wp-1-${id}`);
});
