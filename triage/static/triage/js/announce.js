// @ts-check
/** Says who came: to whoever listens to the page, and in its title to whoever is at another one. */

const SAME_AGAIN = "\u00a0"; // What says the same as before is not heard: one blank more is news.
const title = document.title;

/** @param {ParentNode} root @returns {Set<string>} */
function peopleOn(root) {
  const rows = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-who]")]);
  return new Set(rows.map((row) => row.dataset.who ?? ""));
}

/**
 * Counted by who they are: with one gone and one come there are as many as before, and somebody
 * is new. A row may change its name while nobody comes.
 */
let known = peopleOn(document);
let counted = -1;
let isNews = false;

/** @param {ParentNode} fresh @param {number} count of all who wait */
export function announce(fresh, count) {
  const now = peopleOn(fresh);
  const came = [...now].filter((who) => !known.has(who)).length;
  known = now;
  const said = document.querySelector("[data-said]");
  if (said instanceof HTMLElement && (came || count !== counted)) {
    const words = (came ? said.dataset.came : said.dataset.words) ?? "";
    const text = words.replace("{new}", String(came)).replace("{n}", String(count));
    said.textContent = said.textContent === text ? text + SAME_AGAIN : text;
  }
  counted = count;
  isNews = count > 0 && document.hidden && (isNews || came > 0);
  document.title = count ? `(${count}${isNews ? " \u2022" : ""}) ${title}` : title;
}
