// @ts-check
/** What the server wrote into the page for its scripts. */

/** @param {string} name */
function meta(name) {
  const element = document.querySelector(`meta[name="${name}"]`);
  return element instanceof HTMLMetaElement ? element.content : "";
}

/** @param {string} id @returns {any} */
export function data(id) {
  const element = document.getElementById(id);
  return element?.textContent ? JSON.parse(element.textContent) : null;
}

export const me = meta("me");
export const ticket = meta("socket-ticket");
export const csrfToken = meta("csrf-token");
/** Seals what the phone keeps. Taken out of the page, so that a saved page does not hold it. */
export const shelfKey = meta("shelf-key");
document.querySelector('meta[name="shelf-key"]')?.remove();
export const words = data("words") ?? {
  live: {}, states: {}, notices: {}, roles: {}, waiting: {},
};

/** @param {ParentNode} root @param {string} name @returns {HTMLElement | null} */
export function slot(root, name) {
  return root.querySelector(`[data-slot="${name}"]`);
}

/** @param {ParentNode} root @param {string} name @returns {any} */
export function must(root, name) {
  const element = slot(root, name);
  if (!element) throw new Error(`the page has no ${name}`);
  return element;
}

/** @param {HTMLElement | null} element @param {string} text hides the element when empty */
export function say(element, text) {
  if (!element) return;
  if (element.textContent !== text) element.textContent = text;
  element.hidden = text === "";
}

/**
 * @param {string} url
 * @param {object} body
 * @param {AbortSignal} [signal]
 * @returns {Promise<Response>}
 */
export function postJson(url, body, signal) {
  return fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken },
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });
}
