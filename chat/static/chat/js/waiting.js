// @ts-check
/** Where somebody stands, in words: the same sentences as the server's. Pure. */

import { fill } from "./page.js";

/** @param {number | null | undefined} place @param {Record<string, string>} words */
export function placeWords(place, words) {
  if (place === null || place === undefined) return words.place_soon;
  return place <= 1 ? words.next : fill(words.place, { place });
}

/**
 * @param {number | null | undefined} low whole minutes
 * @param {number | null | undefined} high whole minutes
 * @param {Record<string, string>} words
 */
export function waitWords(low, high, words) {
  if (high === null || high === undefined) return words.unknown;
  if (high < 1) return words.soon;
  if (low === null || low === undefined || low >= high || low < 1) return fill(words.about, { high });
  return fill(words.range, { low, high });
}
