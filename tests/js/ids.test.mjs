// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { newId } from "../../chat/static/chat/js/ids.js";

test("an id is a random UUID where the browser makes none itself", () => {
  const own = crypto.randomUUID;
  // @ts-expect-error -- as on a page that came without HTTPS
  crypto.randomUUID = undefined;
  try {
    const ids = Array.from({ length: 200 }, newId);
    const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    for (const id of ids) assert.match(id, form);
    assert.equal(new Set(ids).size, 200);
  } finally {
    crypto.randomUUID = own;
  }
});
