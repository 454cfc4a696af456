// Renews the wall, tells its age, and says loudly when no news comes.
const EVERY = 15_000;
const OLD_AFTER = 60_000;
const wall = document.getElementById("wall");
const stale = document.getElementById("stale");
const age = document.getElementById("age");
let renewed = moment();
let why = "";

function moment() {
  return { clock: Date.now(), steady: performance.now() };
}

function inWords(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

async function renew() {
  try {
    const answer = await fetch(wall.dataset.part, { cache: "no-store", signal: AbortSignal.timeout(10_000) });
    if (!answer.ok) throw new Error(answer.status === 403 ? "This screen may no longer see it" : `It answered ${answer.status}`);
    wall.innerHTML = await answer.text();
    renewed = moment();
    why = "";
  } catch (error) {
    why = error.name === "Error" ? error.message : "No answer from ethonode";
  }
  tell();
}

function tell() {
  const now = moment();
  // A clock is set back, and the other one stands still while a screen sleeps: the older one counts.
  const old = Math.max(now.clock - renewed.clock, now.steady - renewed.steady);
  age.textContent = `as of ${inWords(old)} ago`;
  stale.hidden = old < OLD_AFTER;
  stale.textContent = `${why || "No answer from ethonode"}: this picture is ${inWords(old)} old`;
  document.body.classList.toggle("wall-old", old >= OLD_AFTER);
}

setInterval(renew, EVERY);
setInterval(tell, 1000);
