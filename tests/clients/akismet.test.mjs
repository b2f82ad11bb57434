// The clients of npm against the service at SERVICE, with the key SHORT_KEY.

import assert from "node:assert/strict";
import dns from "node:dns";
import test from "node:test";
import { promisify } from "node:util";
import { Author, Blog, CheckResult, Client, Comment } from "@cedx/akismet";
import { AkismetClient as ApiClient } from "akismet-api";
import plain from "akismet";

const { SERVICE, SHORT_KEY } = process.env;
const { port } = new URL(SERVICE);
const BLOG = "https://blog.example/";
const SPAM = "Get a l\u043ean in 5 minutes!!! https://easy-cash.example/apply?ref=7 or WhatsApp +1 555 010 9999";
const HAM = "The bridge has been closed since March, and nobody has told us when it will open again.";

// Two clients put the key before the host name. Not every resolver knows that names below localhost are this machine.
const { lookup } = dns;
dns.lookup = (name, ...rest) => lookup.call(dns, name.endsWith(".localhost") ? "127.0.0.1" : name, ...rest);

test("akismet-api: key in the host name", async () => {
  const options = { key: SHORT_KEY, blog: BLOG, host: `localhost:${port}`, protocol: "http" };
  const client = new ApiClient(options);
  assert.equal(await client.verifyKey(), true);
  assert.equal(await new ApiClient({ ...options, key: "0123456789ab" }).verifyKey(), false);
  const spam = { ip: "203.0.113.9", content: SPAM, name: "Best Loans", url: "https://easy-cash.example/loans" };
  assert.equal(await client.checkSpam(spam), true);
  assert.equal(await client.checkSpam({ ip: "203.0.113.9", content: HAM, name: "Ann" }), false);
  await client.submitHam(spam);
  await client.submitSpam(spam);
});

test("akismet: plain HTTP, any port", async () => {
  const client = plain.client({ apiKey: SHORT_KEY, blog: BLOG, host: "localhost", endPoint: `${SHORT_KEY}.localhost`, port: Number(port) });
  const call = (name, fields) => promisify(client[name].bind(client))(fields);
  assert.equal(await promisify(client.verifyKey.bind(client))(), true);
  assert.equal(await call("checkComment", { user_ip: "203.0.113.9", comment_content: SPAM, comment_author: "Best Loans", comment_author_url: "https://easy-cash.example/loans" }), true);
  assert.equal(await call("checkComment", { user_ip: "203.0.113.9", comment_content: `${HAM} Really.` }), false);
  await call("submitSpam", { user_ip: "203.0.113.9", comment_content: `${HAM} Really.` });
});

test("@cedx/akismet: a base address", async () => {
  const blog = new Blog({ url: BLOG, charset: "UTF-8", languages: ["en"] });
  const client = new Client(SHORT_KEY, blog, { baseUrl: SERVICE });
  assert.equal(await client.verifyKey(), true);
  const author = new Author({ ipAddress: "203.0.113.9", name: "Best Loans", url: "https://easy-cash.example/loans", userAgent: "Mozilla/5.0" });
  const comment = (content) => new Comment({ author, content, date: new Date(), type: "comment", context: ["a", "b"] });
  assert.equal(await client.checkComment(comment(SPAM)), CheckResult.pervasiveSpam);
  await client.submitHam(comment(SPAM));
  await client.submitSpam(comment(SPAM));
  const honest = new Comment({ author: new Author({ ipAddress: "203.0.113.10", name: "Ann" }), content: `${HAM} Sad.` });
  assert.equal(await client.checkComment(honest), CheckResult.ham);
});
