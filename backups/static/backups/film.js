/* Plays a recording chunk by chunk: one request a chunk, and the next one at its end. */
"use strict";

class FilmPlayer {
  constructor(panel) {
    this.panel = panel;
    this.video = panel.querySelector("video");
    this.says = panel.querySelector(".film-now");
    this.place = panel.querySelector("#film-place");
    this.output = panel.querySelector("output");
    this.items = [...panel.querySelectorAll(".film-strip > li")];
    this.current = null;
    this.begin = 0; // seconds into the chunk at which the running film began
    this.video.addEventListener("ended", () => this.next());
    this.video.addEventListener("error", () => this.failed());
    this.video.addEventListener("timeupdate", () => this.moved());
    this.video.addEventListener("play", () => this.current || this.show(this.chunks()[0], 0));
    this.place.addEventListener("change", () => this.show(this.current || this.chunks()[0], Number(this.place.value)));
    panel.querySelector(".film-strip").addEventListener("click", (event) => this.pressed(event));
    // A film without a source cannot be played by its own button.
    this.prepare(this.chunks()[0]);
  }

  chunks() {
    return this.items.filter((item) => item.querySelector("a"));
  }

  address(name, number) {
    return this.panel.dataset[name].replace(/0\/$/, `${number}/`);
  }

  prepare(item) {
    this.load(item, 0);
    this.says.textContent = `Press play, or a chunk. First: ${this.link(item).dataset.says}.`;
  }

  load(item, begin) {
    const number = this.link(item).dataset.number;
    this.current = item;
    this.begin = begin;
    this.retried = false;
    for (const one of this.chunks()) this.link(one).removeAttribute("aria-current");
    this.link(item).setAttribute("aria-current", "true");
    this.video.poster = this.address("poster", number);
    this.video.src = `${this.address("film", number)}?from=${begin}`;
    this.tell(begin);
  }

  show(item, begin, before = "") {
    this.load(item, begin);
    this.says.textContent = before + this.link(item).dataset.says;
    this.video.play().catch(() => {}); // what is wrong comes as its own event
  }

  next() {
    const rest = this.items.slice(this.items.indexOf(this.current) + 1);
    const place = rest.findIndex((item) => item.querySelector("a"));
    const gaps = rest.slice(0, place < 0 ? rest.length : place).map((item) => item.dataset.gap);
    const passed = gaps.length ? `After a ${gaps.join("; ")}: ` : "";
    if (place >= 0) this.show(rest[place], 0, passed);
    else this.says.textContent = this.endsHere(gaps);
  }

  endsHere(gaps) {
    const later = this.panel.querySelector(".film-later") ? "Its later chunks are on the next page." : "That was the last chunk here.";
    return gaps.length ? `${later} After it: ${gaps.join("; ")}.` : later;
  }

  /* A server hangs up on who does not read, such as a viewer who stopped: ask again from there. */
  failed() {
    const seen = this.video.currentTime;
    if (seen > 0 && !this.retried) {
      const played = !this.video.paused;
      this.load(this.current, this.begin + seen);
      this.retried = true;
      if (played) this.video.play().catch(() => {});
      return;
    }
    this.explain();
  }

  async explain() {
    const said = this.link(this.current).dataset.says;
    const from = this.video.src;
    this.says.textContent = `${said} cannot be played.`;
    const stop = new AbortController();
    try {
      const answer = await fetch(from, { signal: stop.signal });
      if (!answer.ok) this.says.textContent = `${said}: ${await answer.text()}.`;
    } catch (error) {
      this.says.textContent = `${said}: the server does not answer.`;
    } finally {
      stop.abort();
    }
  }

  pressed(event) {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.show(link.closest("li"), 0);
  }

  moved() {
    if (this.video.currentTime > 1) this.retried = false;
    this.tell(this.begin + this.video.currentTime);
  }

  tell(seconds) {
    const whole = Math.floor(seconds);
    if (document.activeElement !== this.place || seconds === this.begin) this.place.value = whole;
    this.output.textContent = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  }

  link(item) {
    return item.querySelector("a");
  }
}

for (const panel of document.querySelectorAll(".film")) {
  if (panel.querySelector("video")) new FilmPlayer(panel);
}
