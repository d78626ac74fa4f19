// @ts-check
/** The triage pages, live: parts are swapped in by name, and nothing jumps under a hand. */

import { live } from "../../chat/js/live.js";
import { keepList } from "./list.js";
import { announce } from "./announce.js";
import { listenForKeys } from "./keys.js";
import { askBeforeLeaving, hasUnkept, renewForms, takeNoteAlong, tellSignedOut } from "./unkept.js";

const POLL_MS = 20_000; // A lost ring costs no more than this.
const TOGETHER_MS = 150; // Rings close together are one look.

const page = /** @type {HTMLElement | null} */ (document.querySelector("[data-triage]"));
const rowsUrl = page?.dataset.rowsUrl ?? "";

/** @param {ParentNode} root @param {string} name @returns {HTMLElement | null} */
function part(root, name) {
  return root.querySelector(`[data-part="${name}"]`);
}

/** What somebody is filling in stays as it is. @param {HTMLElement} element */
function inUse(element) {
  return element.contains(document.activeElement) && document.activeElement?.tagName !== "A";
}

const list = keepList(part(document, "list"), document.querySelector("template[data-pill]"));

/** @param {Document} fresh */
function swap(fresh) {
  const waiting = fresh.querySelector("[data-waiting]");
  const count = waiting instanceof HTMLElement ? Number(waiting.dataset.waiting) : 0;
  announce(fresh, count); // Before its rows move over to our list.
  for (const arrived of fresh.querySelectorAll("[data-part]")) {
    const name = arrived instanceof HTMLElement ? arrived.dataset.part ?? "" : "";
    const here = part(document, name);
    if (!here) continue;
    if (name === "list") list.take(/** @type {HTMLElement} */ (arrived));
    else if (here.innerHTML !== arrived.innerHTML && !inUse(here)) {
      here.replaceChildren(...arrived.childNodes);
    }
  }
}

let looking = false;
let again = false;
/** @type {any} */
let soon = null;

async function look() {
  if (looking) {
    again = true;
    return;
  }
  looking = true;
  try {
    const answer = await fetch(rowsUrl, { headers: { "X-Requested-With": "fetch" } });
    tellSignedOut(answer.redirected);
    if (answer.redirected) {
      if (!hasUnkept()) location.reload(); // The page that comes says where to come in.
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    renewForms(fresh);
    swap(fresh);
    stale(false);
  } catch {
    stale(true);
  } finally {
    looking = false;
    if (again) {
      again = false;
      lookSoon();
    }
  }
}

function lookSoon() {
  clearTimeout(soon);
  soon = setTimeout(look, TOGETHER_MS);
}

let since = new Date();

/** An old list must not pass for a new one. @param {boolean} isStale */
function stale(isStale) {
  const line = /** @type {HTMLElement | null} */ (document.querySelector("[data-stale]"));
  if (!isStale) since = new Date();
  if (!line) return;
  line.hidden = !isStale;
  const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
  line.textContent = (line.dataset.words ?? "").replace("{time}", clock.format(since));
}

/** What is folded until somebody chooses to read it opens in its place; without scripts the whole page comes with it. */
document.addEventListener("submit", async (event) => {
  const form = /** @type {HTMLElement} */ (event.target);
  if (!(form instanceof HTMLFormElement) || !form.dataset.unfold) return;
  event.preventDefault();
  const name = form.dataset.unfold;
  const here = part(document, name);
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const arrived = part(fresh, name);
    if (!answer.ok || !arrived || !here) throw new Error("not here");
    here.replaceChildren(...arrived.childNodes);
    here.setAttribute("tabindex", "-1");
    here.focus();
  } catch {
    form.submit();
  }
});

if (page) {
  live.on("queue.changed", lookSoon);
  live.on("session.ready", lookSoon);
  live.start();
  setInterval(() => document.visibilityState === "visible" && look(), POLL_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") lookSoon();
  });
  listenForKeys(list);
  takeNoteAlong();
  askBeforeLeaving();
}
