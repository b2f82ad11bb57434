// What colleagues do meanwhile. New comments wait behind a chip of fixed size; rows never move by themselves.

const { desk } = globalThis;
const chip = document.getElementById("arrived");
const number = document.getElementById("arrived-count");
const RENEW_EVERY = 30_000;
const ON_SCREEN = 3;
const isHeldView = new URLSearchParams(desk.list?.dataset.view ?? "status=held").get("status") === "held";

const arrived = new Set();

function onComment(event) {
  const { id, kind, status, revision, who } = JSON.parse(event.data);
  const row = desk.rowOf(id);
  if (!row) {
    if (kind === "created" && status === "held" && isHeldView) {
      arrived.add(id);
      number.textContent = arrived.size;
      chip.classList.remove("idle");
    }
    return;
  }
  // What was decided here is newer than, or the same as, what is told.
  if (desk.isUnsaved() || Number(revision) <= Number(row.dataset.revision)) return;
  desk.setRevision(row, revision);
  desk.forget(id);
  if (status === "held") desk.open(row, status);
  else desk.paint(row, status, who ?? "");
  if (row === desk.selected() && who) desk.say(desk.fill(desk.words.taken, { who }));
}

// A browser has few connections for one server, so only a page that is looked at listens.
let source = null;
let last = "";

function listen() {
  source?.close();
  source = null;
  if (document.hidden) return;
  source = new EventSource(last ? `${chip.dataset.live}?after=${last}` : chip.dataset.live);
  source.addEventListener("comment", (event) => { last = event.lastEventId; onComment(event); });
}

if (chip) {
  listen();
  document.addEventListener("visibilitychange", listen);
  document.addEventListener("desk:again", listen);
  addEventListener("pagehide", () => source?.close());
}

// ---- Leases on what is shown and what comes next

let leased = "";

function onScreen() {
  const ids = [];
  for (let row = desk.selected(); row && ids.length < ON_SCREEN; row = row.nextElementSibling) {
    if (desk.isOpen(row) && !("leased" in row.dataset)) ids.push(row.dataset.commentId);
  }
  return ids;
}

async function lease() {
  if (document.hidden || !desk.list || !document.getElementById("bulk")) return;
  const ids = onScreen();
  leased = ids[0] ?? "";
  try {
    const theirs = await desk.send("/leases", ids.map((id) => ["comment", id]), { waits: false });
    for (const row of desk.rows()) mark(row, theirs[row.dataset.commentId]);
  } catch {
    // Leases are a courtesy: decisions have their own check.
  }
}

function mark(row, name) {
  const place = row.querySelector(".row-lease");
  row.toggleAttribute("data-leased", Boolean(name));
  place.textContent = name ? name.split(/\s+/).slice(0, 2).map((word) => word[0].toUpperCase()).join("") : "";
  place.title = name ?? "";
}

let waiting;
document.addEventListener("desk:shown", (event) => {
  if (event.detail.dataset.commentId === leased) return;
  clearTimeout(waiting);
  waiting = setTimeout(lease, 700);
});
if (desk.list) {
  lease();
  setInterval(lease, RENEW_EVERY);
  addEventListener("pagehide", () => navigator.sendBeacon("/leases/release"));
}
