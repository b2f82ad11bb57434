// Debian's WordPress with the Akismet plugin as it comes, led to a service of ours by the file that the README shows.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { ABUSE, NORMAL, ROOT, SPAM, service as startService } from "./service.mjs";
import { freePort, startWordPress, until } from "./wordpress.mjs";

let dir, service, moderator, wordpress, key;

/** Code in WordPress, as a request of the site has it. */
const inWordPress = (code) => wordpress.php(`$_SERVER['HTTP_HOST']='127.0.0.1'; require 'wp-load.php'; ${code}`);
const latest = async () => (await service.comments())[0];

before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "moderato-redirect-"));
  service = await startService();
  key = service.run("key", "create", "--site", "default", "--akismet");
  const readme = readFileSync(path.join(ROOT, "integrations/wordpress/README.md"), "utf8");
  const redirect = path.join(dir, "moderation-endpoint.php");
  await writeFile(redirect, readme.match(/```php\n(<\?php\n[\s\S]*?)```/)[1].replace("https://comments.example", service.url));
  const plugins = [redirect, path.join(ROOT, "tests/wordpress/hurry.php")];
  wordpress = await startWordPress({ port: await freePort(), plugins, constants: {} });
  inWordPress(`require 'wp-admin/includes/plugin.php'; activate_plugin('akismet/akismet.php'); update_option('wordpress_api_key', '${key}'); update_option('akismet_strictness', '0');`);
  moderator = await service.moderator();
});

after(async () => {
  await wordpress?.close();
  await service?.close();
  await rm(dir, { recursive: true, force: true });
});

test("the plugin's page of settings takes the key for a good one", async () => {
  const page = await (await wordpress.signIn()).page("options-general.php?page=akismet-key-config");
  assert.match(page, new RegExp(key));
  assert.match(page, /Settings|Account/);
  assert.doesNotMatch(page, /could not be verified|key you entered|invalid/i);
});

test("what a visitor posts is published, waits, or goes to the spam folder", async () => {
  for (const [comment, status, decision] of [[NORMAL, "1", "approve"], [ABUSE, "0", "hold"], [SPAM, "spam", "reject"]]) {
    const id = await wordpress.comment(comment);
    const stored = await latest();
    assert.deepEqual([wordpress.status(id), stored.decision, stored.text], [status, decision, comment.text]);
  }
});

test("what is certain is never stored where the site wants it so", async () => {
  inWordPress("update_option('akismet_strictness', '1');");
  const id = await wordpress.comment({ ...SPAM, text: `${SPAM.text} Today only!!!` });
  inWordPress("update_option('akismet_strictness', '0');");
  assert.deepEqual([id, (await latest()).status], [null, "rejected"]);
});

test("what a person calls spam or no spam in WordPress finds the comment, whatever quotes are in it", async () => {
  const text = String.raw`They said "it's open again", didn't they? The path C:\bridge is odd, and I'm not sure.`;
  const id = await wordpress.comment({ ...NORMAL, email: "quo@example.org", text });
  const before = (await service.comments()).length;
  assert.deepEqual([(await latest()).text, wordpress.status(id)], [text, "1"]);
  const editor = await wordpress.signIn();
  await editor.click("spamcomment", id);
  assert.equal((await latest()).status, "rejected");
  await editor.click("unspamcomment", id);
  assert.equal((await latest()).status, "approved");
  assert.equal((await service.comments()).length, before);
});

test("what waits here stays pending when the plugin asks again, until it is decided here", async () => {
  await service.stop();
  const id = await wordpress.comment({ ...ABUSE, email: "cy@example.org", text: `${ABUSE.text} Cy says so.` });
  await service.start();
  inWordPress("Akismet::cron_recheck();");
  const held = await latest();
  assert.deepEqual([wordpress.status(id), held.status, held.email], ["0", "held", "cy@example.org"]);
  await moderator.decide(held.id, "approved");
  inWordPress("Akismet::cron_recheck();");
  assert.deepEqual([wordpress.status(id), (await latest()).id], ["1", held.id]);
});

test("while the service is away a comment waits, and the plugin asks again", async () => {
  await service.stop();
  const id = await wordpress.comment({ ...NORMAL, email: "eve@example.org", text: `${NORMAL.text} Said Eve.` });
  assert.equal(wordpress.status(id), "0");
  await service.start();
  inWordPress("Akismet::cron_recheck();");
  await until("the second question", () => wordpress.status(id) === "1");
  assert.equal((await latest()).text, `${NORMAL.text} Said Eve.`);
});
