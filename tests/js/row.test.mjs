import assert from "node:assert/strict";
import { test } from "node:test";

import { slots } from "./elements.mjs";

document.documentElement = { lang: "en" };
const { asMessage, fillRow } = await import("../../chat/static/chat/js/row.js");

/** The row of words that were refused, in a place where one may write, or not. */
function refused({ mayPost }) {
  const { all, querySelector } = slots();
  const row = { dataset: {}, classList: { toggle() {} }, querySelector };
  const place = { staff: false, isPrivate: true, mayPost, refusals: new Map() };
  const unsent = {
    client_id: "x", kind: "message", conversation: 7, body: "please", at: 1,
    state: "failed", error: "This talk has ended.", code: "conversation_closed",
  };
  fillRow(row, asMessage(unsent, place), unsent, place);
  return all;
}

test("refused words go back to the field only where something can be sent from it", () => {
  assert.equal(refused({ mayPost: true }).edit.hidden, false);
  const closed = refused({ mayPost: false });
  assert.equal(closed.edit.hidden, true);
  assert.equal(closed.body.textContent, "please");
});

test("nobody is asked to try again what a closed talk will refuse again", () => {
  assert.equal(refused({ mayPost: true }).retry.hidden, false);
  const closed = refused({ mayPost: false });
  assert.equal(closed.retry.hidden, true);
  assert.match(closed.state.textContent, /This talk has ended/);
});
