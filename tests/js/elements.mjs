/** The little of a page that its scripts fill: slots by name, elements that remember. */

import "./browser.mjs";

export class Element {
  value = "";
  hidden = false;
  disabled = false;
  textContent = "";
  dataset = {};
  classList = { toggle() {} };
  heard = {};

  addEventListener(type, listener) {
    this.heard[type] = listener;
  }

  focus() {}

  remove() {
    this.isGone = true;
  }
}

for (const name of ["HTMLElement", "HTMLAnchorElement", "HTMLFormElement", "HTMLInputElement",
  "HTMLTextAreaElement", "HTMLTimeElement"]) {
  globalThis[name] = class extends Element {};
}

/** Whatever slot is asked for is there. */
export function slots() {
  const all = {};
  return { all, querySelector: (query) => (all[/"(.*)"/.exec(query)[1]] ??= new Element()) };
}

export async function settle() {
  for (let round = 0; round < 10; round += 1) await new Promise((done) => setImmediate(done));
}
