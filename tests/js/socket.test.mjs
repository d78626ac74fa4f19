import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { delayMs, Socket } from "../../chat/static/chat/js/socket.js";

/** The browser's half of a line, pulled by hand. */
class Line {
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
}

function phone(t) {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  Line.made = [];
  const states = [];
  const frames = [];
  const socket = new Socket({
    url: "ws://here/socket",
    WebSocketClass: Line,
    random: () => 0.5,
    onOpen: () => {},
    onFrame: (frame) => frames.push(frame),
    onState: (state) => states.push(state),
  });
  return { socket, states, frames };
}

test("the first wait is anywhere in five seconds, and no wait is longer than thirty", () => {
  assert.equal(delayMs(1, () => 0), 0);
  assert.equal(delayMs(1, () => 1), 5_000);
  assert.equal(delayMs(2, () => 1), 10_000);
  assert.equal(delayMs(50, () => 1), 30_000);
});

test("a thousand phones do not come back together", () => {
  const buckets = new Array(5).fill(0);
  for (let phoneNumber = 0; phoneNumber < 1_000; phoneNumber += 1) {
    buckets[Math.floor(delayMs(1) / 1_000)] += 1;
  }
  assert.ok(Math.max(...buckets) < 300, `one second got ${Math.max(...buckets)}`);
});

test("a lost line is tried again by itself", (t) => {
  const { socket } = phone(t);
  socket.connect();
  Line.made[0].open();
  Line.made[0].onclose({ code: 1006 });
  mock.timers.tick(2_500);
  assert.equal(Line.made.length, 2);
});

test("each failure waits longer until a session settles", (t) => {
  const { socket } = phone(t);
  socket.connect();
  Line.made[0].onclose({ code: 1013 });
  mock.timers.tick(2_500);
  Line.made[1].onclose({ code: 1013 });
  mock.timers.tick(2_500);
  assert.equal(Line.made.length, 2);
  mock.timers.tick(2_500);
  assert.equal(Line.made.length, 3);
  socket.settled();
  Line.made[2].onclose({ code: 1013 });
  mock.timers.tick(2_500);
  assert.equal(Line.made.length, 4);
});

for (const [code, state] of [[4401, "signed_out"], [4403, "stopped"]]) {
  test(`close code ${code} means ${state}: no further tries`, (t) => {
    const { socket, states } = phone(t);
    socket.connect();
    Line.made[0].open();
    Line.made[0].onclose({ code });
    mock.timers.tick(120_000);
    socket.wake();
    assert.equal(Line.made.length, 1);
    assert.equal(states.at(-1), state);
  });
}

test("a line that says nothing for too long is given up", (t) => {
  const { socket, states } = phone(t);
  socket.connect();
  Line.made[0].open();
  mock.timers.tick(49_000);
  Line.made[0].onmessage({ data: '{"type":"heads","heads":{}}' });
  mock.timers.tick(49_000);
  assert.equal(states.at(-1), "open");
  mock.timers.tick(2_000);
  assert.equal(states.at(-1), "lost");
});

test("a phone that wakes asks whether the line lives, and does not wait long", (t) => {
  const { socket } = phone(t);
  socket.connect();
  Line.made[0].open();
  socket.wake();
  assert.deepEqual(Line.made[0].sent, [{ type: "ping" }]);
  mock.timers.tick(3_000);
  mock.timers.tick(2_500);
  assert.equal(Line.made.length, 2);
});

test("a phone that wakes without a line connects at once", (t) => {
  const { socket } = phone(t);
  socket.connect();
  Line.made[0].onclose({ code: 1006 });
  socket.wake();
  assert.equal(Line.made.length, 2);
});

test("nothing is sent down a line that is not open", (t) => {
  const { socket } = phone(t);
  socket.connect();
  assert.equal(socket.send({ type: "ping" }), false);
  assert.deepEqual(Line.made[0].sent, []);
});
