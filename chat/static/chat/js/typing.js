// @ts-check
/** Who is writing in a private talk: said seldom, true for a few seconds, remembered nowhere. */

const TELL_MS = 3_000; // The server drops what comes sooner.

/** Says that we write, at most once in a while. */
export class Teller {
  /** @param {() => void} tell @param {() => number} [now] in milliseconds */
  constructor(tell, now = () => performance.now()) {
    this.tell = tell;
    this.now = now;
    this.last = Number.NEGATIVE_INFINITY;
  }

  typed() {
    if (this.now() - this.last < TELL_MS) return;
    this.last = this.now();
    this.tell();
  }
}

/** Who writes, as far as we were told lately. Nobody stays in it by a frame that never came. */
export class Typists {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {Map<number, any>} */
    this.timers = new Map();
  }

  /** @param {number} person */
  has(person) {
    return this.timers.has(person);
  }

  /** @param {any} frame of this conversation; words that arrive end the writing of their author */
  hear(frame) {
    if (frame.type === "person.typing") this.writes(frame.person, frame.seconds * 1_000);
    for (const event of frame.events ?? []) {
      this.rests(event.message?.author.id ?? event.person?.id ?? 0);
      if (event.kind === "conversation.closed") for (const one of this.timers.keys()) this.rests(one);
    }
  }

  /** @param {number} person @param {number} ms */
  writes(person, ms) {
    clearTimeout(this.timers.get(person));
    this.timers.set(person, setTimeout(() => this.rests(person), ms));
    this.changed();
  }

  /** @param {number} person */
  rests(person) {
    if (!this.timers.has(person)) return;
    clearTimeout(this.timers.get(person));
    this.timers.delete(person);
    this.changed();
  }
}
