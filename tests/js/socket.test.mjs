import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { delayMs, Socket } from "../../chat/static/chat/js/socket.js";
import { Line } from "./browser.mjs";

function phone(t) {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  t.after(() => mock.timers.reset());
  Line.made = [];
  const states = [];
  const frames = [];
  const socket = new Socket({
    url: "ws://here/socket",
    WebSocketClass: Line,
    random: () => 0.5,
    now: () => Date.now(),
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

for (const code of [1001, 1012]) {
  test(`close code ${code} means a restart: tried again soon, however often`, (t) => {
    const { socket } = phone(t);
    socket.connect();
    for (let round = 1; round < 5; round += 1) {
      Line.made.at(-1).open();
      Line.made.at(-1).onclose({ code });
      mock.timers.tick(2_499);
      assert.equal(Line.made.length, round);
      mock.timers.tick(1);
      assert.equal(Line.made.length, round + 1);
    }
  });
}

test("close code 4429 means wait: ten seconds and some, whatever wakes, and nothing has failed", (t) => {
  const { socket, states } = phone(t);
  socket.connect();
  Line.made[0].open();
  Line.made[0].onclose({ code: 4429 });
  mock.timers.tick(10_000);
  socket.wake();
  assert.equal(Line.made.length, 1);
  assert.equal(socket.failures, 0);
  assert.equal(states.at(-1), "lost");
  mock.timers.tick(5_000);
  assert.equal(Line.made.length, 2);
});

test("phones that were told to wait do not come back together", (t) => {
  const { socket } = phone(t);
  for (const [random, ms] of [[0, 10_000], [1, 20_000]]) {
    socket.random = () => random;
    assert.equal(socket.waitMs(4429), ms);
  }
});

test("close code 4409 means open elsewhere: no tries until the page is wanted again", (t) => {
  const { socket, states } = phone(t);
  socket.connect();
  Line.made[0].open();
  Line.made[0].onclose({ code: 4409 });
  mock.timers.tick(600_000);
  assert.equal(Line.made.length, 1);
  assert.equal(states.at(-1), "elsewhere");
  socket.wake();
  assert.equal(Line.made.length, 2);
});

test("a try that hangs is given up after ten seconds, and its late answers count for nothing", (t) => {
  const { socket, states } = phone(t);
  socket.connect();
  mock.timers.tick(9_999);
  assert.equal(states.at(-1), "connecting");
  mock.timers.tick(1);
  assert.equal(states.at(-1), "lost");
  mock.timers.tick(2_500);
  assert.equal(Line.made.length, 2);
  Line.made[0].onopen();
  assert.equal(states.at(-1), "connecting");
});

test("a phone that wakes gives up a try that hangs, and leaves a young one alone", (t) => {
  const { socket } = phone(t);
  socket.connect();
  mock.timers.tick(3_000);
  socket.wake();
  assert.equal(Line.made.length, 1);
  mock.timers.tick(1);
  socket.wake();
  assert.equal(Line.made.length, 2);
  assert.equal(Line.made[0].readyState, 3);
});

test("a phone that wakes on a dead line has another as soon as that is known", (t) => {
  const { socket } = phone(t);
  socket.connect();
  Line.made[0].open();
  socket.wake();
  mock.timers.tick(2_000);
  assert.equal(Line.made.length, 2);
});

test("a line that opens and says nothing is no better than a try that hangs", (t) => {
  const { socket, states } = phone(t);
  socket.connect();
  Line.made[0].open();
  mock.timers.tick(9_999);
  assert.equal(states.at(-1), "open");
  mock.timers.tick(1);
  assert.deepEqual([states.at(-1), socket.failures], ["lost", 1]);
});

test("a line that says nothing for too long is given up", (t) => {
  const { socket, states } = phone(t);
  socket.connect();
  Line.made[0].open();
  Line.made[0].onmessage({ data: '{"type":"session.ready"}' });
  mock.timers.tick(49_000);
  Line.made[0].onmessage({ data: '{"type":"heads","heads":{}}' });
  mock.timers.tick(49_000);
  assert.equal(states.at(-1), "open");
  mock.timers.tick(2_000);
  assert.equal(states.at(-1), "lost");
});

test("a phone that wakes asks whether the line lives, and keeps one that does", (t) => {
  const { socket } = phone(t);
  socket.connect();
  Line.made[0].open();
  socket.wake();
  assert.deepEqual(Line.made[0].sent, [{ type: "ping" }]);
  mock.timers.tick(1_999);
  Line.made[0].onmessage({ data: '{"type":"heads","heads":{}}' });
  mock.timers.tick(49_000);
  assert.equal(Line.made.length, 1);
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
