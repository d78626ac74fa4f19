// @ts-check
/** Sentences with values in them, the same as the server's. Pure: words come in from outside. */

const LONG_MINUTES = 60; // A longer wait is told in words.

/** @param {string} sentence @param {Record<string, string | number>} values */
export function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** @param {number | null | undefined} place @param {Record<string, string>} words */
export function placeWords(place, words) {
  if (place === null || place === undefined) return words.place_soon;
  return place <= 1 ? words.next : fill(words.place, { place });
}

/** Where somebody stands while nobody is on duty. @param {number | null | undefined} place @param {Record<string, string>} words */
export function nobodyWords(place, words) {
  const first = place !== null && place !== undefined && place <= 1;
  return `${first ? words.first : placeWords(place, words)} ${words.later}`;
}

/**
 * @param {number | null | undefined} low whole minutes
 * @param {number | null | undefined} high whole minutes
 * @param {Record<string, string>} words
 */
export function waitWords(low, high, words) {
  if (high === null || high === undefined) return words.unknown;
  if (high < 1) return words.soon;
  if (high > LONG_MINUTES) return (low ?? 0) >= LONG_MINUTES ? words.hour : words.half_hour;
  if (low === null || low === undefined || low >= high || low < 1) return fill(words.about, { high });
  return fill(words.range, { low, high });
}

/**
 * The sentence under a message, the same as the server's.
 * @param {import("./feed.js").Message} message
 * @param {{ own: boolean, staff: boolean, private: boolean, words: any }} as
 */
export function stateWords(message, { own, staff, private: isPrivate, words }) {
  if (!own && !staff) return "";
  if (message.notice === "withdrawn") return words.notices.withdrawn;
  if (isPrivate && message.state === "published") {
    const unread = message.machine_reading === "not_read" ? words.states.not_read : "";
    return [own ? words.states.sent : "", unread].filter(Boolean).join(" · ");
  }
  if (message.state === "published" && !own) return "";
  return words.states[message.state] ?? "";
}
