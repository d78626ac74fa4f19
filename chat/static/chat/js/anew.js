// @ts-check
/** A page that no socket keeps up to date is drawn anew instead, now and then. */

import { within } from "./within.js";

const EVERY_MS = 20_000;
const ANSWER_MS = 10_000;

/**
 * Whether a page would come. A phone believes for long that a dead network is one, and in place of
 * a page that does not come stands the page for no signal, which never moves on by itself. Its
 * keeper gives that to whoever opens a page, not to a script that asks: here it is no answer.
 */
async function wouldCome() {
  const ask = async (/** @type {AbortSignal} */ signal) => {
    const answer = await fetch(location.href, { cache: "no-store", credentials: "same-origin", signal });
    await answer.text();
    return answer.ok;
  };
  return within(ANSWER_MS, ask).catch(() => false);
}

export class Anew {
  /** @param {() => boolean} costsNothing whether nobody would lose what they have under their hands */
  constructor(costsNothing) {
    this.costsNothing = costsNothing;
    /** @type {any} */
    this.timer = null;
  }

  start() {
    this.stop();
    this.timer = setTimeout(() => this.draw(), EVERY_MS);
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = null;
  }

  async draw() {
    const { timer } = this;
    const comes = this.costsNothing() && (await wouldCome());
    if (this.timer !== timer) return; // Stopped while it was asked: the socket holds again.
    // Somebody may have begun to write meanwhile.
    if (comes && this.costsNothing()) location.reload();
    else this.start();
  }
}
