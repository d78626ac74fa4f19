// @ts-check
/**
 * The live list and the keyboard of the moderators' pages.
 *
 * Nothing moves under the reader's hands: rows change where they stand, what is settled stays
 * crossed out, and what is new above waits behind a button until somebody asks for it.
 */
import { startKeys } from "./keys.js";
import { lookAgain } from "./look-again.js";

const panes = /** @type {HTMLElement} */ (document.querySelector("[data-live-url]"));
const rows = /** @type {HTMLElement} */ (document.querySelector("[data-rows]"));
const showNew = /** @type {HTMLButtonElement} */ (document.querySelector("[data-show-new]"));
const said = /** @type {HTMLElement} */ (document.querySelector("[data-said]"));
const openKey = panes.dataset.open ?? "";

/** The newest list, kept until somebody asks to see it. @type {HTMLElement[]} */
let waiting = [];

/** @param {ParentNode} root @returns {Map<string, HTMLElement>} */
function rowsByKey(root) {
  const found = new Map();
  for (const row of root.querySelectorAll("[data-row]")) {
    if (row instanceof HTMLElement) found.set(row.dataset.row ?? "", row);
  }
  return found;
}

/** @param {string} text */
function say(text) {
  said.textContent = text;
}

/** @param {string | undefined} sentence @param {number} count */
function counted(sentence, count) {
  return (sentence ?? "").replace("{count}", String(count));
}

/** @param {number} above @param {number} total */
function offerNew(above, total) {
  const sentence = above ? showNew.dataset.above : showNew.dataset.more;
  offer(counted(sentence, above || total));
}

/** The newest list, behind a button that says what is new about it. @param {string} words */
function offer(words) {
  showNew.hidden = false;
  if (showNew.dataset.offered !== words) say(words);
  showNew.dataset.offered = words;
  showNew.innerHTML = "";
  const key = document.createElement("kbd");
  key.className = "key";
  key.textContent = "n";
  showNew.append(`${words} `, key);
}

function offerNothing() {
  showNew.hidden = true;
  showNew.dataset.offered = "";
}

/**
 * Whether those in both lists stand in another order: what rose to danger must not stay at the foot.
 * @param {string[]} now @param {string[]} next
 */
function isReordered(now, next) {
  const kept = now.filter((key) => next.includes(key));
  const order = next.filter((key) => now.includes(key));
  return kept.some((key, place) => key !== order[place]);
}

/** Put the newest list in place; the focus stays on the row it was on. */
function showAll() {
  const focused = document.activeElement?.closest("[data-row]");
  const key = focused instanceof HTMLElement ? focused.dataset.row : "";
  rows.replaceChildren(...waiting);
  offerNothing();
  if (key) rowsByKey(rows).get(key)?.querySelector("a")?.focus();
}

/** @param {DocumentFragment} news */
function mergeRows(news) {
  const now = rowsByKey(rows);
  const next = rowsByKey(news);
  waiting = [...next.values()].map((row) => /** @type {HTMLElement} */ (row.cloneNode(true)));
  for (const [key, row] of now) {
    const fresh = next.get(key);
    row.classList.toggle("row-gone", !fresh);
    if (fresh && row.innerHTML !== fresh.innerHTML) replaceInside(row, fresh);
  }
  const fresh = [...next.keys()].filter((key) => !now.has(key));
  const order = [...next.keys()];
  if (!fresh.length) {
    if (isReordered([...now.keys()], order)) offer(showNew.dataset.moved ?? "");
    else offerNothing();
    return;
  }
  const untouched = now.size === 0 || ![...now.keys()].some((key) => next.has(key));
  if (untouched && !rows.contains(document.activeElement)) {
    showAll();
    say(counted(showNew.dataset.more, fresh.length));
    return;
  }
  const lastKnown = Math.max(...[...now.keys()].map((key) => order.indexOf(key)));
  offerNew(fresh.filter((key) => order.indexOf(key) < lastKnown).length, fresh.length);
}

/** Change a row's content without taking the focus off it. @param {HTMLElement} row @param {HTMLElement} fresh */
function replaceInside(row, fresh) {
  const link = row.querySelector("a");
  const newLink = fresh.querySelector("a");
  if (!link || !newLink) return;
  link.className = newLink.className;
  link.innerHTML = newLink.innerHTML;
}

/** @param {DocumentFragment} news */
function swapParts(news) {
  for (const part of news.querySelectorAll("[data-live-part]")) {
    if (!(part instanceof HTMLElement)) continue;
    const name = part.dataset.livePart;
    const here = document.querySelector(`[data-live-part="${name}"]`);
    if (!(here instanceof HTMLElement) || here.innerHTML === part.innerHTML) continue;
    if (name === "standing" && here.dataset.version !== part.dataset.version) offerReload();
    const focused = here.contains(document.activeElement);
    here.innerHTML = part.innerHTML;
    if (focused) here.querySelector("button")?.focus();
  }
}

/** The open message is not as this page shows it: say so, and let the reader decide when to look. */
function offerReload() {
  const line = document.querySelector("[data-changed]");
  if (!(line instanceof HTMLElement)) return;
  line.hidden = false;
  const link = line.querySelector("a");
  if (link) link.href = location.href;
}

async function refresh() {
  const url = new URL(panes.dataset.liveUrl ?? "", location.href);
  if (openKey) url.searchParams.set("open", openKey);
  const answer = await fetch(url, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (answer.redirected || answer.status === 404) {
    location.reload(); // Signed out, or no longer allowed to look: the page itself says so.
    return;
  }
  if (!answer.ok) throw new Error(String(answer.status));
  const template = document.createElement("template");
  template.innerHTML = await answer.text();
  swapParts(template.content);
  mergeRows(template.content);
}

/** A claim lives while somebody is at it: renewed by the page while it is used. */
function keepClaim() {
  const form = document.querySelector("form[data-keep]");
  if (!(form instanceof HTMLFormElement)) return;
  const every = 3 * 60_000;
  let active = performance.now();
  for (const sign of ["keydown", "pointerdown", "scroll"]) {
    addEventListener(sign, () => (active = performance.now()), { passive: true });
  }
  setInterval(() => {
    if (document.hidden || performance.now() - active > every) return;
    void fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
  }, every);
}

/** Words opened before a claim stay open after it. */
function rememberOpenWords() {
  const fold = document.querySelector("[data-words]");
  if (!(fold instanceof HTMLDetailsElement) || !openKey) return;
  fold.open = sessionStorage.getItem("open-words") === location.pathname;
  fold.addEventListener("toggle", () => {
    if (fold.open) sessionStorage.setItem("open-words", location.pathname);
    else sessionStorage.removeItem("open-words");
  });
}

showNew.addEventListener("click", () => {
  showAll();
  rows.querySelector("a")?.focus();
});
startKeys({ rows, showNew });
keepClaim();
rememberOpenWords();
lookAgain(refresh);
panes.dataset.ready = "";
