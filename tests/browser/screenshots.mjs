// Takes the pictures of docs/: `node tests/browser/screenshots.mjs [directory]`, with the shipped model and made-up comments.

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { openPage, setUp, signIn, startBrowser, startService } from "./service.mjs";

const TO = path.resolve(process.argv[2] ?? fileURLToPath(new URL("../../docs/", import.meta.url)));
const SPAM = (n) => `Get a l\u043ean in 5 minutes!!! No credit check, no paperwork, the money is on your account today. Write to us on WhatsApp +1 555 010 9911 ${n % 4 ? "today" : "now"}`;

await mkdir(TO, { recursive: true });
const service = await startService({ model: true });
const browser = await startBrowser();
const shot = async (page, name) => page.screenshot({ path: path.join(TO, `${name}.png`) });

try {
  const first = await openPage(browser, service);
  await setUp(first, service);
  await first.goto(`${service.url}/setup/strictness`);
  await first.check("[value=careful]");
  await first.check("[name=samples]");
  await first.click("button.primary");
  for (let n = 10; n < 22; n += 1) await service.post({ name: `Loans ${n}`, email: `loans${n}@mail.example`, text: SPAM(n), url: "https://easy-cash.example/loans", page: "https://news.example/articles/42" });
  await first.goto(`${service.url}/queue`);
  for (const key of ["a", "r", "a", "a", "2", "a", "r"]) {
    await first.keyboard.press(key);
    await first.waitForTimeout(900);
  }
  await first.context().close();

  const light = await openPage(browser, service, { colorScheme: "light", viewport: { width: 1280, height: 800 } });
  await signIn(light, service);
  const held = light.locator("[data-comment-id]", { hasText: "No credit check" }).first();
  await held.locator("a").click();
  await light.waitForSelector(`[data-detail="${await held.getAttribute("data-comment-id")}"]`);
  await shot(light, "queue");
  await light.goto(`${service.url}/stats?span=day`);
  await shot(light, "stats");

  const dark = await openPage(browser, service, { colorScheme: "dark", viewport: { width: 1280, height: 800 } });
  await signIn(dark, service);
  const spam = dark.locator("[data-comment-id]", { hasText: "WhatsApp" }).first();
  const id = await spam.getAttribute("data-comment-id");
  await dark.goto(`${service.url}/comments/${id}`);
  await shot(dark, "comment");
  await dark.goto(`${service.url}/comments/${id}/alike`);
  await shot(dark, "campaign");
  await dark.goto(`${service.url}/policy`);
  await dark.fill("[name=words]", "whatsapp");
  await dark.fill("#try_text", SPAM(1));
  await dark.click("[value=check]");
  await shot(dark, "rules");

  const phone = await openPage(browser, service, { colorScheme: "light", viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true });
  await signIn(phone, service);
  await shot(phone, "phone");
} finally {
  await browser.close();
  await service.close();
}
