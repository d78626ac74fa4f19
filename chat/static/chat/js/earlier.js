// @ts-check
/** Older messages, brought while the feed goes on changing. */

import * as feeds from "./feed.js";
import { within } from "./within.js";

/** @typedef {import("./feed.js").Message} Message */

const PAGE_MS = 15_000; // Longer than that, and the person may as well ask again.

/**
 * Put the page before what is shown in front of it. A snapshot that comes first shows another part
 * of the conversation: in front of that the page would leave a hole that nothing ever fills, so the
 * one before the snapshot is asked for.
 * @param {{ feed: feeds.Feed }} view
 * @returns {Promise<Message[] | null>} the messages that it brought; null when none could be had
 */
export async function bringEarlier(view) {
  for (;;) {
    view.feed = feeds.asking(view.feed);
    const { asked, conversation } = view.feed;
    if (!asked) return [];
    const page = await fetchPage(`/conversations/${conversation}/before/${asked.before}`);
    if (!page) return null;
    const { messages } = view.feed;
    if (!view.feed.asked) continue;
    view.feed = feeds.withEarlier(view.feed, page);
    return [...view.feed.messages.values()].filter(({ id }) => !messages.has(id));
  }
}

/** @param {string} url @returns {Promise<{ messages: Message[], earlier: boolean } | null>} */
function fetchPage(url) {
  return within(PAGE_MS, async (signal) => {
    const answer = await fetch(url, { signal });
    return answer.ok ? await answer.json() : null;
  }).catch(() => null);
}
