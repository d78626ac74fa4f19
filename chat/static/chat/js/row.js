// @ts-check
/** One message as a row: whose it is, what became of it, and what may be done. Set as text only. */

import { me, say, slot, words } from "./page.js";
import { stateWords } from "./sentences.js";

/** @typedef {import("./feed.js").Message} Message */
/** @typedef {import("./store.js").Unsent} Unsent */
/**
 * @typedef {{
 *   staff: boolean, isPrivate: boolean, mayPost: boolean, refusals: Map<number, string>,
 * }} Place
 */

/** What the same words would meet again: they have to change first. */
const CHANGE_FIRST = new Set([
  "message_too_long", "message_empty", "message_has_nul", "message_not_text",
  "message_marks",
]);

const language = document.documentElement.lang;
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
const dayAndClock = new Intl.DateTimeFormat(language, {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
});

/** @param {string} at */
function timeWords(at) {
  const when = new Date(at);
  const today = when.toDateString() === new Date().toDateString();
  return (today ? clock : dayAndClock).format(when);
}

/** @param {Message} message */
export function isOwn(message) {
  return String(message.author.id) === me;
}

/** Words on the shelf, as the message they will be. @param {Unsent} item @param {Place} place @returns {Message} */
export function asMessage(item, place) {
  return {
    id: 0,
    author: { id: Number(me), nickname: words.live.you, role: place.staff ? "staff" : "young_person" },
    body: item.body,
    at: new Date(item.at).toISOString(),
    state: item.state,
    client_id: item.client_id,
  };
}

/** @param {HTMLElement} row @param {string} name @param {boolean} shown */
function show(row, name, shown) {
  const element = slot(row, name);
  if (element) element.hidden = !shown;
}

/** @param {HTMLElement} row @param {Message} message @param {Unsent | null} unsent @param {Place} place */
export function fillRow(row, message, unsent, place) {
  const own = isOwn(message);
  const young = message.author.role === "young_person";
  row.dataset.state = message.state;
  row.dataset.id = String(message.id);
  row.classList.toggle("message-own", own);
  row.classList.toggle("message-team", !young);
  say(slot(row, "author"), message.author.nickname);
  show(row, "team", !own && !young);
  const time = slot(row, "time");
  if (time instanceof HTMLTimeElement && time.dateTime !== message.at) {
    time.dateTime = message.at;
    say(time, timeWords(message.at));
  }
  const body = slot(row, "body");
  if (body && body.textContent !== message.body) body.textContent = message.body;
  say(slot(row, "refused"), place.refusals.get(message.id) ?? "");
  fillState(row, message, unsent, place);
  fillNotice(row, message);
}

/** @param {HTMLElement} row @param {Message} message @param {Unsent | null} unsent @param {Place} place */
function fillState(row, message, unsent, { staff, isPrivate, mayPost }) {
  const failed = unsent?.state === "failed";
  const own = isOwn(message);
  const again = mayPost && !CHANGE_FIRST.has(unsent?.code ?? "");
  if (unsent) say(slot(row, "state"), unsentWords(unsent, again));
  else say(slot(row, "state"), stateWords(message, { own, staff, private: isPrivate, words }));
  show(row, "retry", failed && again);
  show(row, "edit", failed && mayPost); // Else they would go where nothing can be sent from.
  // Words that peers do not see (yet) can be changed or taken back by whoever wrote them.
  const kept = message.state === "pending" || message.state === "held";
  show(row, "own", !unsent && kept && own && mayPost && message.notice !== "withdrawn");
}

/** @param {Unsent} unsent @param {boolean} again whether the same words may be tried once more */
function unsentWords({ state, error }, again) {
  if (state !== "failed") return error || (navigator.onLine ? words.states.sending : words.states.no_signal);
  return again ? error ?? "" : `${words.states.not_sent} ${error}`;
}

/** @param {HTMLElement} row @param {Message} message */
function fillNotice(row, message) {
  const code = message.notice ?? "";
  const told = code && code !== "withdrawn" ? words.notices[code] ?? "" : "";
  say(slot(row, "notice-words"), told);
  const notice = slot(row, "notice");
  if (notice) {
    notice.hidden = !told;
    notice.dataset.code = code;
  }
  const door = slot(row, "door");
  if (!(door instanceof HTMLFormElement)) return;
  door.hidden = !isOwn(message);
  const about = door.elements.namedItem("about_message");
  if (about instanceof HTMLInputElement) about.value = message.id ? String(message.id) : "";
}
