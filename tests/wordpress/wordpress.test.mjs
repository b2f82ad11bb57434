// A real WordPress with our must-use plugin, and a real service: what a visitor posts ends where it should, and a click on either
// side is seen on the other.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { ABUSE, NORMAL, ROOT, SPAM, service as startService } from "./service.mjs";
import { ask, freePort, startWordPress, until } from "./wordpress.mjs";

const PLUGIN = path.join(ROOT, "integrations/wordpress/moderato.php");

let service, moderator, wordpress;

before(async () => {
  service = await startService({ MODERATO_WEBHOOKS_NETWORKS: "127.0.0.0/8" });
  const port = await freePort();
  const secret = service.run("webhook", "set", "--site", "default", "--hold", "0", `http://127.0.0.1:${port}/?rest_route=/moderato/v1/webhook`);
  // The settings as the README shows them, with this service's values.
  const snippet = readFileSync(path.join(ROOT, "README.md"), "utf8").match(/```php\n(define[\s\S]*?)```/)[1];
  const values = { "http://127.0.0.1:8080": service.url, "mod_…": service.key, "whsec_…": secret };
  const constants = Object.fromEntries([...snippet.matchAll(/define\( '(\w+)', '(.+)' \);/g)].map(([, name, value]) => [name, values[value]]));
  wordpress = await startWordPress({ port, plugins: [PLUGIN, path.join(ROOT, "tests/wordpress/hurry.php")], constants });
  moderator = await service.moderator();
});

after(async () => {
  await wordpress?.close();
  await service?.close();
});

test("a normal reply is published, with what was said of it", async () => {
  const id = await wordpress.comment(NORMAL);
  assert.equal(wordpress.status(id), "1");
  assert.equal(wordpress.meta(id, "moderato_decision"), "approve");
  const stored = await service.comment(wordpress.meta(id, "moderato_id"));
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
  await moderator.decide(known, "approved");
  await until("the approval", () => wordpress.status(id) === "1");
  await moderator.decide(known, "rejected", "spam");
  await until("the rejection as spam", () => wordpress.status(id) === "spam");
  await moderator.decide(known, "held");
  await until("the return to the queue", () => wordpress.status(id) === "0");
  await moderator.decide(known, "rejected", "off-topic");
  await until("the rejection for another reason", () => wordpress.status(id) === "trash");
});

test("a click in WordPress changes it here", async () => {
  const id = await wordpress.comment({ ...ABUSE, email: "di@example.org", text: `${ABUSE.text} Di says so.` });
  const known = wordpress.meta(id, "moderato_id");
  const editor = await wordpress.signIn();
  assert.match(await editor.list(), /<strong>hold<\/strong>/);
  await editor.click("approvecomment", id);
  assert.equal((await service.comment(known)).status, "approved");
  await editor.click("spamcomment", id);
  assert.equal((await service.comment(known)).status, "rejected");
  // What came from WordPress comes back by webhook, and changes nothing there.
  await until("the outbox's emptiness", () => / *pending 0\t/.test(service.run("webhook", "show", "--site", "default")));
  assert.equal(wordpress.status(id), "spam");
});

test("an unsigned webhook, or one signed with another secret, is refused", async () => {
  const body = JSON.stringify({ type: "comment.decided", data: { comment: { id: "x", status: "approved", revision: 9 } } });
  const headers = { "content-type": "application/json", "webhook-id": "msg_1", "webhook-timestamp": String(Math.floor(Date.now() / 1000)), "webhook-signature": "v1,AAAA" };
  for (const tried of [{ "content-type": "application/json" }, headers]) {
    const answer = await ask(`${wordpress.url}/?rest_route=/moderato/v1/webhook`, { method: "POST", headers: tried, body });
    assert.equal(answer.status, 401);
  }
});

test("while the service is away comments are pending, and they are judged when it is back", async () => {
  await service.stop();
  const id = await wordpress.comment({ ...NORMAL, email: "eve@example.org", text: `${NORMAL.text} Said Eve.` });
  assert.equal(wordpress.status(id), "0");
  assert.notEqual(wordpress.meta(id, "moderato_error"), "");
  await service.start();
  wordpress.php(`$_SERVER['HTTP_HOST']='127.0.0.1'; require 'wp-load.php'; do_action('moderato_ask', ${id}, 0);`);
  assert.equal(wordpress.status(id), "1");
  assert.equal(wordpress.meta(id, "moderato_error"), "");
  assert.equal((await service.comment(wordpress.meta(id, "moderato_id"))).external_id, `wp-1-${id}`);
});
