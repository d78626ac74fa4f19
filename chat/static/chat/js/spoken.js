// @ts-check
/** What a screen reader is told as it happens, in a line that nobody sees. */

/** @typedef {import("./feed.js").Message} Message */

export class Spoken {
  /** @param {HTMLElement} line */
  constructor(line) {
    this.line = line;
    /** Whose words stand in the line. @type {Message | null} */
    this.message = null;
  }

  /** @param {string} text @param {Message | null} message whose words these are, if anybody's */
  tell(text, message = null) {
    this.message = message;
    this.line.textContent = text;
  }

  /**
   * Words that were taken away or changed are not to be read here either: a screen reader comes past
   * this line whenever it is led through the page.
   * @param {Map<number, Message>} messages that are shown now
   */
  keepTo(messages) {
    if (this.message && messages.get(this.message.id)?.body !== this.message.body) this.tell("");
  }
}
