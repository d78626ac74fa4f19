import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Element } from "./elements.mjs";

const line = new Element();
Object.assign(document, {
  querySelector: (query) => (query === "[data-connection]" ? line : null),
});

const { live } = await import("../../chat/static/chat/js/live.js");
const { words } = await import("../../chat/static/chat/js/page.js");
words.live = {
  lost: "lost", offline: "offline", slow: "slow", unanswered: "unanswered",
  lost_page: "lost, stay", offline_page: "offline, stay", unanswered_page: "unanswered, stay",
};
await import("../../chat/static/chat/js/connection.js");
const shelf = await live.store;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  shelf.lasts = true;
  live.https.heard(false);
});

afterEach(() => mock.timers.reset());

function becomes(state) {
  live.state = state;
  live.emit("state", state);
  mock.timers.tick(2_500);
  return line.textContent;
}

test("that words get through is said once some did, and no longer than that", () => {
  assert.equal(becomes("slow"), "unanswered");
  live.https.heard(true);
  assert.equal(line.textContent, "slow");
  live.https.heard(false);
  assert.equal(line.textContent, "unanswered");
});

test("what came back by HTTPS says nothing of a page whose line is up", () => {
  becomes("ready");
  live.https.heard(true);
  assert.equal(line.hidden, true);
});

test("where nothing outlives the page, it is to be kept open", () => {
  shelf.lasts = false;
  assert.equal(becomes("lost"), "lost, stay");
  assert.equal(becomes("offline"), "offline, stay");
  assert.equal(becomes("slow"), "unanswered, stay");
  shelf.lasts = true;
  assert.equal(becomes("lost"), "lost");
  assert.equal(becomes("offline"), "offline");
});
