// @ts-check
/**
 * Words begun for a new thread. They stay on the phone until the page of that thread shows them:
 * a post that meets no network, or a no, or a broken server, takes nothing away.
 */

import { live } from "./live.js";
import { data } from "./page.js";

/** What was posted last from this tab, until it is seen: where it was begun and its id, no words. */
const POSTED = "lantern-posted";
const AT_MOST_MS = 400; // A shelf that fails must not keep words from going out.

/** @returns {{ place: string, id: string } | null} */
function posted() {
  return JSON.parse(sessionStorage.getItem(POSTED) ?? "null");
}

/** The page shows what was posted: it is in the database, and the draft has done its work. */
async function letGoOfWhatArrived() {
  const last = posted();
  /** @type {{ client_id?: string }[]} */
  const shown = data("snapshot")?.messages ?? [];
  if (!last || !shown.some(({ client_id }) => client_id === last.id)) return;
  await (await live.store).keepDraft(last.place, "").catch(() => null);
  sessionStorage.removeItem(POSTED);
}

/** @param {HTMLTextAreaElement} field */
async function keep(field) {
  const place = field.dataset.draft ?? "";
  const id = field.form?.elements.namedItem("client_id");
  if (!(id instanceof HTMLInputElement)) return;
  const store = await live.store;
  field.addEventListener("input", () => {
    if (posted()?.place === place) {
      sessionStorage.removeItem(POSTED);
      id.value = crypto.randomUUID(); // Other words are another message.
    }
    store.keepDraft(place, field.value).catch(() => null);
  });
  field.form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    sessionStorage.setItem(POSTED, JSON.stringify({ place, id: id.value }));
    // The page may be gone within a moment: first the shelf has the words, then they go out.
    const kept = store.keepDraft(place, field.value).catch(() => null);
    await Promise.race([kept, new Promise((done) => setTimeout(done, AT_MOST_MS))]);
    field.form?.submit();
  });
  const draft = await store.draft(place).catch(() => "");
  if (!field.value) field.value = draft;
  // It may have arrived though its answer did not: the same words under the same id start one thread.
  const last = posted();
  if (draft && field.value === draft && last?.place === place) id.value = last.id;
}

for (const field of document.querySelectorAll("textarea[data-draft]")) {
  if (field instanceof HTMLTextAreaElement) keep(field);
}
letGoOfWhatArrived();
