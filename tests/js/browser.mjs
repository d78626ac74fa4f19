/** The little of a browser that the page's line needs, pulled by hand: no page, no network. */

/** The browser's half of a socket. */
export class Line {
  /** @type {Line[]} */
  static made = [];

  constructor() {
    this.readyState = 0;
    this.sent = [];
    Line.made.push(this);
  }

  open() {
    this.readyState = 1;
    this.onopen();
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.readyState = 3;
  }

  lose(code = 1006) {
    this.readyState = 3;
    this.onclose({ code });
  }

  hear(frame) {
    this.onmessage({ data: JSON.stringify(frame) });
  }
}

class Meta {
  content = "as the page brought it";
  remove() {}
}

function give(name, value) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

give("HTMLMetaElement", Meta);
give("WebSocket", Line);
give("location", { protocol: "https:", host: "here" });
give("navigator", { onLine: true });
give("addEventListener", () => {});
give("document", {
  visibilityState: "visible",
  addEventListener: () => {},
  querySelector: () => new Meta(),
  getElementById: () => null,
});

/** Let everything that waits for nothing but a promise go on. */
export const turn = () => new Promise((done) => setImmediate(done));
