// @ts-check
/** Words that were not sent yet, on the phone's shelf under the name of their place. */

import { live } from "./live.js";

/**
 * @param {string} earlier
 * @param {string} later
 * @returns {string} one text, with no line of the earlier one that the later one has as well
 */
export function together(earlier, later) {
  if (later.includes(earlier)) return later;
  const has = new Set(later.split("\n"));
  return [...earlier.split("\n").filter((line) => !has.has(line)), later].filter(Boolean).join("\n");
}

/** Several pages may write in one place: none of them takes away what another one left there. */
export class Draft {
  /**
   * @param {string} place
   * @param {(earlier: string) => void} found hears what another page left there, earlier or meanwhile
   */
  constructor(place, found) {
    this.place = place;
    this.found = found;
    /** What may lie there from here: a write that took too long may still have come. @type {Set<string>} */
    this.ours = new Set();
    /** One look or write after another. @type {Promise<boolean>} */
    this.line = this.look();
    /** The write whose turn has not come: it will take the newest words. @type {Promise<boolean> | null} */
    this.next = null;
  }

  /** @returns {Promise<boolean>} whether we know what lies there */
  async look() {
    await live.outbox; // It reads the shelf first: behind it a draft would come too late.
    try {
      const there = await (await live.store).draft(this.place);
      if (!this.ours.has(there)) this.found(there);
      this.ours.add(there);
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Words typed before others came to light must not be written over them.
   * @param {() => string} words asked for when they are written
   * @returns {Promise<boolean>} whether the shelf has them
   */
  keep(words) {
    this.next ??= this.line.then(() => {
      this.next = null;
      return this.write(words);
    });
    this.line = this.next;
    return this.next;
  }

  /** @param {() => string} words */
  async write(words) {
    if (!(await this.look())) return false;
    const now = words();
    this.ours.add(now);
    try {
      await (await live.store).keepDraft(this.place, now);
      this.ours = new Set([now]);
      return true;
    } catch {
      return false;
    }
  }
}
