// Small comforts of the pages beside the queue. Everything works without them.

const policy = globalThis.trustedTypes?.createPolicy("app", { createHTML: (html) => html }) ?? { createHTML: (html) => html };
const put = (element, html) => { element.innerHTML = policy.createHTML(html); };

const POLL = 2000;
const AFTER_TYPING = 300;

/** A form answers while somebody types: `data-live` names the element that its fragment replaces. */
for (const field of document.querySelectorAll("[data-live]")) {
  let waiting;
  let asking;
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      asking?.abort();
      asking = new AbortController();
      const { form } = field;
      try {
        const answer = await fetch(form.action, {
          method: "POST", body: new URLSearchParams(new FormData(form)), headers: { "x-fragment": field.dataset.live }, signal: asking.signal,
        });
        if (answer.ok) put(document.getElementById(field.dataset.live), await answer.text());
      } catch (error) {
        if (error.name !== "AbortError") throw error;
      }
    }, AFTER_TYPING);
  });
}

/** Asks again and again until what is waited for has come. */
for (const place of document.querySelectorAll("[data-poll]")) {
  const timer = setInterval(async () => {
    const answer = await fetch(place.dataset.poll).catch(() => null);
    if (!answer?.ok) return;
    const html = await answer.text();
    if (!html.includes("data-received")) return;
    put(place, html);
    clearInterval(timer);
  }, POLL);
}

/** A handle and its field say the same; letting go of a handle asks for the range. */
for (const handle of document.querySelectorAll("[data-mirrors]")) {
  const field = document.getElementById(handle.dataset.mirrors);
  handle.addEventListener("input", () => { field.value = handle.value; });
  handle.addEventListener("pointerup", () => handle.form.requestSubmit());
}

/** The browser's time zone, offered where somebody chooses one. */
const zone = document.getElementById("zone");
if (zone && !zone.value) zone.placeholder = Intl.DateTimeFormat().resolvedOptions().timeZone;
