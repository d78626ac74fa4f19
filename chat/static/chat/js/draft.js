// @ts-check
/** Words that were not sent yet, on the phone's shelf under the name of their place. */

import { live } from "./live.js";

/**
 * @param {string} earlier
 * @param {string} later
 * @returns {string} one text, with nothing of it twice
 */
export function together(earlier, later) {
  return later.includes(earlier) ? later : [earlier, later].filter(Boolean).join("\n");
}

export class Draft {
  /**
   * @param {string} place
   * @param {(earlier: string) => void} found hears what an earlier page left there
   */
  constructor(place, found) {
    this.place = place;
    this.found = found;
    /** @type {Promise<boolean> | null} */
    this.looking = null;
    this.look();
  }

  /** @returns {Promise<boolean>} whether we know what lay there; a shelf that failed is asked again */
  look() {
    this.looking ??= this.read().then((isRead) => {
      if (!isRead) this.looking = null;
      return isRead;
    });
    return this.looking;
  }

  async read() {
    await live.outbox; // It reads the shelf first: behind it a draft would come too late.
    try {
      this.found(await (await live.store).draft(this.place));
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Words typed before an earlier draft came back must not be written over it.
   * @param {() => string} words asked for when they are written
   * @returns {Promise<boolean>} whether the shelf has them
   */
  async keep(words) {
    if (!(await this.look())) return false;
    try {
      await (await live.store).keepDraft(this.place, words());
      return true;
    } catch {
      return false;
    }
  }
}
