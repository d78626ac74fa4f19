// @ts-check
/**
 * Words begun for a new thread. They stay on the phone until the page of that thread shows them:
 * a post that meets no network, or a no, or a broken server, takes nothing away.
 */

import { Draft, together } from "./draft.js";
import { newId } from "./ids.js";
import { live } from "./live.js";
import { data, say, slot, words } from "./page.js";
import { PhoneStore } from "./store.js";
import { within } from "./within.js";

/** What was posted last from this tab, until it is seen: where it was begun and its id, no words. */
const POSTED = "lantern-posted";
const AT_MOST_MS = 400; // A shelf that fails must not keep words from going out.
const POST_MS = 20_000;

/** @returns {{ place: string, id: string } | null} */
function posted() {
  return JSON.parse(sessionStorage.getItem(POSTED) ?? "null");
}

/** The page shows what was posted: it is in the database, and the draft has done its work. */
async function letGoOfWhatArrived() {
  const last = posted();
  /** @type {{ client_id?: string, body: string }[]} */
  const shown = data("snapshot")?.messages ?? [];
  const message = shown.find(({ client_id }) => client_id === last?.id);
  if (!last || !message) return;
  await letGo(last.place, message.body).catch(() => null);
  sessionStorage.removeItem(POSTED);
}

/** What another page wrote there stays. @param {string} place @param {string} body */
async function letGo(place, body) {
  const store = await live.store;
  const [all, gone] = [`\n${plain(await store.draft(place))}`, `\n${plain(body)}`];
  if (all.endsWith(gone)) await store.keepDraft(place, all.slice(1, -gone.length));
}

/** As the server keeps words, whatever a form made of the ends of its lines. @param {string} text */
function plain(text) {
  return text.normalize().replace(/\r\n?/g, "\n").trim();
}

/** @param {HTMLTextAreaElement} field */
function keep(field) {
  const place = field.dataset.draft ?? "";
  const { form } = field;
  const id = form?.elements.namedItem("client_id");
  if (!form || !(id instanceof HTMLInputElement)) return;
  const shelf = new Draft(place, (draft) => {
    field.value = together(draft, field.value);
    // It may have arrived though its answer did not: the same words under the same id start one thread.
    const last = posted();
    if (draft && field.value === draft && last?.place === place) id.value = last.id;
  });
  const keepDraft = () => shelf.keep(() => field.value);
  field.addEventListener("input", () => {
    if (posted()?.place === place) {
      sessionStorage.removeItem(POSTED);
      id.value = newId(); // Other words are another message.
    }
    keepDraft();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    sessionStorage.setItem(POSTED, JSON.stringify({ place, id: id.value }));
    // The page may be gone within a moment: first the shelf has the words, then they go out.
    const words = field.value;
    const outlasts = await outlastsThePage(keepDraft());
    const shown = field.value;
    field.value = words; // Another page's draft, come to light meanwhile, does not go out with them.
    const going = outlasts ? form.submit() : postFromHere(form);
    field.value = shown;
    await going;
  });
}

/** @param {Promise<boolean>} keeping */
async function outlastsThePage(keeping) {
  const late = new Promise((done) => setTimeout(done, AT_MOST_MS, false));
  if (!(await Promise.race([keeping, late]))) return false;
  return (await live.store) instanceof PhoneStore;
}

/** Where no shelf has the words, their page must not go before they arrive; asked at once, with what stands in it now. @param {HTMLFormElement} form */
async function postFromHere(form) {
  const { said, to } = await answerTo(form);
  if (to) location.assign(to);
  else say(slot(form, "begun"), said || words.live.not_begun);
}

/** @param {HTMLFormElement} form @returns {Promise<{ said?: string, to?: string }>} where its thread is, or why there is none */
async function answerTo(form) {
  try {
    const body = new FormData(form);
    const { ok, url, text } = await within(POST_MS, async (signal) => {
      const answer = await fetch(form.action, { method: "POST", body, signal });
      return { ok: answer.ok, url: answer.url, text: await answer.text() };
    });
    const isThread = new URL(url).pathname.startsWith(`${location.pathname}/`);
    if (ok && isThread) return { to: url };
    const page = new DOMParser().parseFromString(text, "text/html");
    return { said: page.querySelector("#begin-error")?.textContent ?? "" };
  } catch {
    return {};
  }
}

for (const field of document.querySelectorAll("textarea[data-draft]")) {
  if (field instanceof HTMLTextAreaElement) keep(field);
}
letGoOfWhatArrived();
