// Keys, their list, and the palette of all actions. Which key does what is the page's to say: everybody may change it.

const { desk } = globalThis;
const help = document.getElementById("keys");
const palette = document.getElementById("palette");
const find = document.getElementById("palette-find");
const commands = document.getElementById("commands");
const keysOn = document.getElementById("keys-on");
const keys = JSON.parse(desk.words.keys || "{}");
/** First keys of those that are two. */
const firsts = new Set(Object.keys(keys).filter((key) => key.includes(" ")).map((key) => key.split(" ")[0]));
const SECOND_WITHIN = 1500;

const go = (address) => () => { location.assign(address); return true; };
const press = (selector) => { const found = document.querySelector(selector); found?.click(); return Boolean(found); };
const reject = (name) => () => {
  const button = desk.pane?.querySelector(`[data-action="${name}"]`);
  if (!button) return false;
  if (desk.list && desk.decideShown("rejected", button.value)) return true;
  return submit(name);
};

/** Where there is no list, the form itself decides. */
function submit(name) {
  const button = desk.pane?.querySelector(`[data-action="${name}"]`);
  if (!button || desk.list) return false;
  button.form.requestSubmit(button);
  return true;
}

function view(by) {
  const views = [...document.querySelectorAll("[data-view]:is(a)"), ...document.querySelectorAll(".tabs a")];
  const at = views.findIndex((link) => link.getAttribute("aria-current"));
  views[(at + by + views.length) % views.length]?.click();
  return true;
}

/** Every action by its name. An action that could not do anything lets the browser have the key. */
const actions = {
  next: () => { desk.move(1); return Boolean(desk.list); },
  previous: () => { desk.move(-1); return Boolean(desk.list); },
  approve: () => desk.decideShown("approved", "") || submit("approve"),
  hold: () => desk.decideShown("held", "") || submit("hold"),
  reject: reject("reject"),
  undo: () => { desk.undo(); return true; },
  redo: () => { desk.redo(); return true; },
  select: () => { desk.select(); return true; },
  range: () => { desk.range(); return true; },
  clear: () => { desk.clear(); return false; },
  campaign: () => press("[data-campaign]"),
  matching: () => press("[data-matching]"),
  open: () => press("[data-own]"),
  unveil: () => press("#unveil"),
  note: () => { const note = document.getElementById("note"); note?.focus(); return Boolean(note); },
  new: () => press("#arrived"),
  search: () => { const q = document.getElementById("q"); q?.focus(); q?.select(); return Boolean(q); },
  "view-before": () => view(-1),
  "view-after": () => view(1),
  keep: () => desk.settleConflict(false),
  overrule: () => desk.settleConflict(true),
  palette: () => { openPalette(); return true; },
  help: () => { help?.showModal(); return true; },
  "go-queue": go("/queue"),
  "go-mine": go("/queue?status=held&q=for%3Ame"),
  "go-stats": go("/stats"),
  "go-policy": go("/policy"),
  "go-audit": go("/audit"),
  "go-keys": go("/keys"),
};
for (let n = 1; n <= 9; n += 1) actions[`reason-${n}`] = reject(`reason-${n}`);

let first = "";
let firstAt = 0;

function onKey(event) {
  const two = first && event.timeStamp - firstAt < SECOND_WITHIN ? `${first} ${event.key}` : "";
  first = "";
  const name = keys[two] ?? keys[event.key] ?? keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!keys[two] && firsts.has(event.key)) {
    [first, firstAt] = [event.key, event.timeStamp];
    if (!keys[event.key]) return true;
  }
  return name ? actions[name]?.() : false;
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.defaultPrevented) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && !event.shiftKey && !event.altKey) {
    event.preventDefault();
    openPalette();
    return;
  }
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]") || (keysOn && !keysOn.checked)) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (onKey(event)) event.preventDefault();
});

if (keysOn) {
  keysOn.checked = localStorage.getItem("keys") !== "off";
  keysOn.addEventListener("change", () => localStorage.setItem("keys", keysOn.checked ? "on" : "off"));
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-open=keys]")) help?.showModal();
});

// ---- The palette

function openPalette() {
  if (!palette || palette.open) return;
  find.value = "";
  filter();
  palette.showModal();
  find.focus();
}

const entries = () => [...commands.children];

function filter() {
  const wanted = find.value.trim().toLowerCase();
  for (const entry of entries()) entry.hidden = !entry.textContent.toLowerCase().includes(wanted);
}

find?.addEventListener("input", filter);
palette?.addEventListener("keydown", (event) => {
  const visible = entries().filter((entry) => !entry.hidden).map((entry) => entry.firstElementChild);
  const at = visible.indexOf(document.activeElement);
  if (event.key === "ArrowDown") { visible[at + 1]?.focus(); event.preventDefault(); }
  if (event.key === "ArrowUp") { (at > 0 ? visible[at - 1] : find).focus(); event.preventDefault(); }
  if (event.key === "Enter" && document.activeElement === find) { visible[0]?.click(); event.preventDefault(); }
});
commands?.addEventListener("click", (event) => {
  const name = event.target.closest("[data-do]")?.dataset.do;
  if (!name) return;
  palette.close();
  actions[name]?.();
});
