// Asks the running installation as the node's pages and as programs do. Reads only.
import { checks, NeedsLogin } from "./integration_checks.js";

const OUTCOMES = { pass: "pass", fail: "FAIL", login: "needs a login" };

async function outcome(check) {
  try {
    return ["pass", (await check()) || ""];
  } catch (error) {
    return error instanceof NeedsLogin ? ["login", ""] : ["fail", error.message];
  }
}

function cell(row, text, kind) {
  const made = row.insertCell();
  made.textContent = text;
  made.className = kind;
}

function show(name, [word, seen], milliseconds) {
  const row = document.getElementById("checks").insertRow();
  row.className = word;
  cell(row, name, "name");
  cell(row, OUTCOMES[word], "outcome");
  cell(row, seen, "seen");
  cell(row, Math.round(milliseconds), "number");
}

function summarise(counts) {
  const words = [`${counts.pass} passed`, `${counts.fail} failed`];
  if (counts.login) words.push(`${counts.login} need a login`);
  document.getElementById("summary").textContent = words.join(", ");
  document.title = `${counts.fail ? "FAILED" : "Passed"}: integration checks | ethonode`;
}

async function run() {
  const button = document.getElementById("again");
  const counts = { pass: 0, fail: 0, login: 0 };
  button.disabled = true;
  document.getElementById("checks").replaceChildren();
  document.getElementById("summary").textContent = "Checking…";
  for (const [name, check] of checks()) {
    const began = performance.now();
    const found = await outcome(check);
    counts[found[0]] += 1;
    show(name, found, performance.now() - began);
  }
  summarise(counts);
  button.disabled = false;
}

document.getElementById("again").addEventListener("click", run);
run();
