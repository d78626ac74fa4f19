// @ts-check
/** Own words that were accepted and do not show up in the feed: then something was missed. */

const WITHIN_MS = 5_000;
const REMEMBERED = 100;

export class Echoes {
  /** @param {(conversation: number) => void} missed the feed of this conversation has a hole */
  constructor(missed) {
    this.missed = missed;
    /** By the message's id. @type {Map<number, any>} */
    this.timers = new Map();
    /** The feed may be faster than the answer: what it brought lately. @type {Set<number>} */
    this.lately = new Set();
  }

  /** @param {any} frame */
  hear(frame) {
    if (frame.type === "message.accepted") this.await(frame.conversation, frame.message.id);
    if (!/^conversation\./.test(frame.type)) return;
    for (const event of frame.events ?? []) this.seen(event.message?.id ?? event.message_id);
    for (const message of frame.messages ?? []) this.seen(message.id);
  }

  /** @param {number} conversation @param {number} id */
  await(conversation, id) {
    if (this.lately.has(id) || this.timers.has(id)) return;
    const late = () => {
      this.timers.delete(id);
      this.missed(conversation);
    };
    this.timers.set(id, setTimeout(late, WITHIN_MS));
  }

  /** @param {number | undefined} id */
  seen(id) {
    if (id === undefined) return;
    clearTimeout(this.timers.get(id));
    this.timers.delete(id);
    this.lately.add(id);
    if (this.lately.size > REMEMBERED) {
      const [oldest] = this.lately;
      this.lately.delete(oldest);
    }
  }
}
