// @ts-check
/** Asking for something by plain HTTPS, which needs no socket. */

import { postJson, words } from "./page.js";

/**
 * @param {string} url
 * @param {object} body
 * @returns {Promise<string>} why not, in words; empty: it is done
 */
export async function ask(url, body) {
  try {
    const answer = await postJson(url, body);
    if (answer.ok) return "";
    return (await answer.json()).text || words.live.not_through;
  } catch {
    return words.live.not_through;
  }
}
