// @ts-check
/** Asking for something by plain HTTPS, which needs no socket. */

import { postJson, words } from "./page.js";
import { within } from "./within.js";

const ASK_MS = 20_000; // As long as a post may take; then it is said that it did not get through.

/**
 * @param {string} url
 * @param {object} body
 * @returns {Promise<string>} why not, in words; empty: it is done
 */
export async function ask(url, body) {
  try {
    return await within(ASK_MS, async (signal) => {
      const answer = await postJson(url, body, signal);
      return answer.ok ? "" : (await answer.json()).text || words.live.not_through;
    });
  } catch {
    return words.live.not_through;
  }
}
