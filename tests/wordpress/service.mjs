// A service on loopback with a directory of its own, and comments that it is certain of.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { ask, freePort, until } from "./wordpress.mjs";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const BINARY = process.env.BINARY ?? path.join(ROOT, "target/debug/moderato");

export const NORMAL = { name: "Ann", email: "ann@example.org", text: "I was there yesterday, and the new bridge is much quieter than the old one." };
export const SPAM = {
  name: "Best Loans", email: "loans@easy-cash.example", website: "https://easy-cash.example/loans",
  text: "Get a l\u043ean in 5 minutes!!! https://easy-cash.example/apply?ref=7 or WhatsApp +1 555 010 9999",
};
export const ABUSE = { name: "Bo", email: "bo@example.org", text: "You are a stupid piece of shit and I hope you die, you fucking idiot." };

/** A service; `start` again after `stop` is the same one. Settings come in `environment`. */
export async function service(environment = {}) {
  const dir = await mkdtemp(path.join(tmpdir(), "moderato-for-wordpress-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const limits = Object.fromEntries(["SITE", "ADDRESS", "EMAIL", "TEXT"].map((limit) => [`MODERATO_LIMITS_${limit}`, "off"]));
  const env = { ...process.env, ...limits, ...environment };
  let said = "", child, exited;
  const start = async () => {
    said = "";
    child = spawn(BINARY, ["serve", "--listen", `127.0.0.1:${port}`, "--data-dir", dir], { env, cwd: dir });
    const hear = (data) => { said += data; };
    child.stdout.setEncoding("utf8").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    exited = new Promise((resolve) => child.once("exit", resolve));
    await until("the service's start", () => /listening on/.test(said) && /Configuration: /.test(said));
  };
  const stop = async () => { child.kill("SIGTERM"); await exited; };
  /** Another command on the same data; what it prints. */
  const run = (...args) => execFileSync(BINARY, [...args, "--data-dir", dir], { env, encoding: "utf8" }).trim();
  await start();
  const code = said.match(/setup code: (\S+)/)[1];
  const key = run("key", "create", "--site", "default", "--scopes", "submit,read,moderate");
  const get = async (address) => {
    const answer = await ask(`${url}${address}`, { headers: { authorization: `Bearer ${key}` } });
    assert.equal(answer.status, 200);
    return answer.json();
  };
  const comment = (id) => get(`/v1/comments/${id}`);
  const comments = async () => (await get("/v1/comments?limit=200")).items;
  const close = async () => {
    await stop();
    await rm(dir, { recursive: true, force: true });
  };
  return { url, key, start, stop, run, comment, comments, close, moderator: () => moderator(url, code, comment) };
}

/** The first administrator's browser. */
async function moderator(url, code, comment) {
  const form = (fields) => ({ method: "POST", redirect: "manual", headers: { "sec-fetch-site": "same-origin", origin: url }, body: new URLSearchParams(fields) });
  const answer = await ask(`${url}/setup`, form({ code, name: "Ana", email: "ana@example.org", password: "correct horse battery" }));
  assert.equal(answer.status, 303, await answer.text());
  const cookie = answer.headers.getSetCookie().map((set) => set.split(";")[0]).join("; ");
  const decide = async (id, status, reason = "") => {
    const { revision } = await comment(id);
    const decision = form({ status, reason, revision });
    decision.headers.cookie = cookie;
    const decided = await ask(`${url}/comments/${id}/decision`, decision);
    assert.ok([200, 303].includes(decided.status), `${decided.status} ${await decided.text()}`);
  };
  return { decide };
}
