import assert from "node:assert/strict";
import { test } from "node:test";

import { minutesOf } from "../src/lib/duration.ts";
import { diffLines } from "../src/lib/diff.ts";
import { greet } from "../src/lib/greeting.ts";
import { changes, merge } from "../src/lib/merge.ts";

test("a field that only one of two changed is theirs or mine, without a question", () => {
  const base = { tone: "dry", goals: "sell", name: "Mia" };
  const merged = merge(base, { ...base, tone: "warm" }, { ...base, goals: "help" });
  assert.deepEqual(merged, { values: { tone: "warm", goals: "help", name: "Mia" }, conflicts: [] });
});

test("a field that both changed keeps mine, and is asked about", () => {
  const merged = merge({ tone: "dry" }, { tone: "warm" }, { tone: "cold" });
  assert.deepEqual(merged, { values: { tone: "warm" }, conflicts: ["tone"] });
});

test("both typed the same: nobody is asked", () => {
  assert.deepEqual(merge({ tone: "dry" }, { tone: "warm" }, { tone: "warm" }).conflicts, []);
});

test("null and the empty text are two values, and missing is null", () => {
  assert.deepEqual(changes({ tone: null }, { tone: "" }), { tone: "" });
  assert.deepEqual(changes({}, { tone: null }), {});
});

test("a token becomes the value, else its default, else nothing with the space before it", () => {
  assert.equal(greet("Hi {firstName|there},", {}), "Hi there,");
  assert.equal(greet("Hi {firstName},", {}), "Hi,");
  assert.equal(greet("Hi {first_name}!", { firstName: "Ada" }), "Hi Ada!");
});

test("a line that begins with dashes is a removed one, not a file's name", () => {
  const lines = diffLines("--- a\n+++ b\n@@ -1 +1 @@\n---- rule\n+new\n same\n");
  assert.deepEqual(
    lines.map((line) => line.kind),
    ["place", "removed", "added", "same"],
  );
});

test("a duration is read as minutes, parts of one rounded up", () => {
  assert.deepEqual(["PT15M", "PT1H30M", "P1DT1S", "nonsense"].map(minutesOf), [15, 90, 1441, 0]);
});
