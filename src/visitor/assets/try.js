// Makes the form answer without leaving the page. Without this file it works too: the service sends the browser back here.

const form = document.querySelector("#commentform");
const page = document.querySelector("#comments").dataset.page;
const answer = document.querySelector("#answer");
const SAVED = ["author", "email", "url"];

const saved = JSON.parse(localStorage.getItem("commenter") ?? "{}");
for (const name of SAVED) if (saved[name]) form.elements[name].value = saved[name];
form.elements["wp-comment-cookies-consent"].checked = Object.keys(saved).length > 0;

// Our own words in place of the browser's.
form.noValidate = true;

function isComplete() {
  let first = null;
  for (const name of ["comment", "author"]) {
    const field = form.elements[name];
    const isMissing = field.value.trim() === "";
    document.querySelector(`#${name}-missing`).hidden = !isMissing;
    field.setAttribute("aria-invalid", String(isMissing));
    if (isMissing) first ??= field;
  }
  first?.focus();
  return first === null;
}

function tell(text, link) {
  const told = Object.assign(document.createElement("p"), { className: "told", textContent: text });
  answer.replaceChildren(told);
  if (link) {
    const p = document.createElement("p");
    p.append(Object.assign(document.createElement("a"), { href: link, textContent: "What becomes of it" }));
    answer.append(p);
  }
}

const TOLD = {
  approved: "Your comment is published. Thank you.",
  held: "Your comment is awaiting moderation.",
  rejected: "Your comment was not published.",
};

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!isComplete()) return;
  const fields = new FormData(form);
  if (fields.has("wp-comment-cookies-consent")) {
    localStorage.setItem("commenter", JSON.stringify(Object.fromEntries(SAVED.map((name) => [name, fields.get(name)]))));
  } else {
    localStorage.removeItem("commenter");
  }
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const response = await fetch(form.action, { method: "POST", headers: { accept: "application/json" }, body: new URLSearchParams(fields) });
    const body = await response.json();
    if (!response.ok) {
      tell(body.errors?.map((error) => error.detail).join(" ") ?? body.detail);
      return;
    }
    tell(TOLD[body.status], response.headers.get("link")?.match(/<([^>]*)>; rel="status"/)?.[1]);
    form.elements.comment.value = "";
    if (body.status === "approved") await showThread();
  } catch {
    tell("The service did not answer. Your comment is still in the form; please try again.");
  } finally {
    button.disabled = false;
  }
});

async function showThread() {
  const response = await fetch(`/v1/thread?${new URLSearchParams({ page, limit: "200" })}`, { cache: "no-cache" });
  const { items } = await response.json();
  const threads = new Map();
  for (const item of items) {
    const root = threads.get(item.parent_id);
    if (root) { root.replies.push(item); threads.set(item.id, root); } else threads.set(item.id, { item, replies: [] });
  }
  const roots = [...new Set(threads.values())];
  document.querySelector("#thread").replaceChildren(...roots.map(({ item, replies }) => {
    const row = shown(item);
    const reply = Object.assign(document.createElement("a"), { href: `/try?reply=${item.id}#respond`, rel: "nofollow", textContent: "Reply" });
    const p = Object.assign(document.createElement("p"), { className: "fine" });
    p.append(reply);
    row.append(p);
    if (replies.length > 0) {
      const list = document.createElement("ol");
      list.append(...replies.map(shown));
      row.append(list);
    }
    return row;
  }));
  document.querySelector("#count").textContent = String(items.length);
  document.querySelector("#count-word").textContent = items.length === 1 ? "comment" : "comments";
}

// What strangers wrote is put in as text, never as HTML.
function shown(item) {
  const row = Object.assign(document.createElement("li"), { id: `comment-${item.id}` });
  const article = document.createElement("article");
  const by = Object.assign(document.createElement("p"), { className: "by" });
  const name = document.createElement("bdi");
  name.textContent = item.name?.trim() || "Anonymous";
  const who = item.url ? Object.assign(document.createElement("a"), { href: item.url, rel: "nofollow ugc noopener" }) : document.createElement("b");
  who.append(name);
  const when = Object.assign(document.createElement("time"), { className: "fine", dateTime: item.created_at, textContent: ` ${new Date(item.created_at).toLocaleString()}` });
  by.append(who, when);
  const said = Object.assign(document.createElement("p"), { className: "said", dir: "auto", textContent: item.text });
  article.append(by, said);
  row.append(article);
  return row;
}
