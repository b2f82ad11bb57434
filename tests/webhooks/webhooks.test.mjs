// Deliveries are verified by two libraries that we did not write: `standardwebhooks` of PyPI, in the consumer of the README, and of npm.

import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Webhook } from "standardwebhooks";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const BINARY = process.env.BINARY ?? path.join(ROOT, "target/debug/moderato");
const PYTHON = path.join(ROOT, "target/webhooks-venv");
const ENV = { ...process.env, MODERATO_WEBHOOKS_NETWORKS: "127.0.0.0/8" };

let dir, service;

before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "moderato-webhooks-"));
  const child = spawn(BINARY, ["serve", "--listen", "127.0.0.1:0", "--data-dir", dir], { env: ENV, cwd: dir });
  let said = "";
  await new Promise((resolve, reject) => {
    const hear = (data) => { said += data; if (/listening on/.test(said) && /Configuration: /.test(said)) resolve(); };
    child.stdout.setEncoding("utf8").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    child.once("exit", (status) => reject(new Error(`it ended with ${status}: ${said}`)));
  });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  service = { url: said.match(/listening on (\S+)/)[1], key: said.match(/site key: (\S+)/)[1], stop: async () => { child.kill("SIGTERM"); await exited; } };
});

after(async () => {
  await service?.stop();
  await rm(dir, { recursive: true, force: true });
});

const run = (...args) => execFileSync(BINARY, [...args, "--data-dir", dir], { env: ENV, encoding: "utf8" }).trim();

async function comment(text) {
  const answer = await fetch(`${service.url}/v1/comments`, {
    method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${service.key}` }, body: JSON.stringify({ text }),
  });
  assert.equal(answer.status, 201);
  return answer.json();
}

/** A receiver that keeps what arrives. */
async function receiver() {
  const arrivals = [];
  let wake;
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    arrivals.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    response.writeHead(204).end();
    wake?.();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const next = async () => {
    while (arrivals.length === 0) await new Promise((resolve) => { wake = resolve; });
    return arrivals.shift();
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, next, close: () => server.close() };
}

test("npm's library verifies what is sent, with either secret while one takes the other's place, and nothing that was changed", async () => {
  const inbox = await receiver();
  const first = run("webhook", "set", "--site", "default", "--hold", "0", inbox.url);
  const { id } = await comment("I was there yesterday, and it was closed. Größe 😀");
  const { headers, body } = await inbox.next();
  const message = new Webhook(first).verify(body, headers);
  assert.equal(message.type, "comment.created");
  assert.equal(message.data.comment.id, id);
  const bytes = Buffer.from(body);
  for (let i = 0; i < 1_000; i++) {
    const changed = Buffer.from(bytes);
    changed[i % bytes.length] ^= 1 << (i % 7);
    assert.throws(() => new Webhook(first).verify(changed.toString("latin1"), headers), `bit ${i}`);
  }
  assert.throws(() => new Webhook(first).verify(body, { ...headers, "webhook-id": "msg_other" }));
  assert.throws(() => new Webhook(first).verify(body, { ...headers, "webhook-timestamp": String(Number(headers["webhook-timestamp"]) - 1) }));

  const second = run("webhook", "rotate", "--site", "default");
  // Not waiting in one go: the receiver is this process.
  await promisify(execFile)(BINARY, ["webhook", "test", "--site", "default", "--data-dir", dir], { env: ENV });
  const tried = await inbox.next();
  for (const secret of [first, second]) assert.equal(new Webhook(secret).verify(tried.body, tried.headers).type, "webhook.test");
  inbox.close();
});

test("the consumer of the README takes what is signed and refuses the rest", async () => {
  const readme = readFileSync(path.join(ROOT, "README.md"), "utf8");
  const snippet = readme.match(/```python\n(# webhook_consumer\.py\n[\s\S]*?)```/)[1];
  const file = path.join(dir, "webhook_consumer.py");
  await writeFile(file, snippet);

  const port = await new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => { const { port } = server.address(); server.close(() => resolve(port)); });
  });
  run("webhook", "set", "--site", "default", "--hold", "0", `http://127.0.0.1:${port}/`);
  const secret = run("webhook", "rotate", "--site", "default");
  const consumer = spawn(path.join(PYTHON, "bin/python"), ["-u", file], { env: { ...process.env, WEBHOOK_SECRET: secret, PORT: String(port) } });
  let said = "";
  const told = (text) => new Promise((resolve, reject) => {
    const look = () => { if (said.includes(text)) resolve(); };
    consumer.stdout.on("data", look);
    consumer.once("exit", () => reject(new Error(`the consumer ended: ${said}`)));
    look();
  });
  consumer.stdout.setEncoding("utf8").on("data", (data) => { said += data; });
  consumer.stderr.setEncoding("utf8").on("data", (data) => { said += data; });
  await told("waiting");
  const { id } = await comment("And today it was open again, at last.");
  await told(`${id} is approved`);
  const forged = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers: { "webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA" }, body: "{}" });
  assert.equal(forged.status, 401);
  consumer.kill();
});
