// The page. All text that comes from a configuration goes through textContent:
// the content security policy allows no way to make HTML of it.
"use strict";

const $ = (id) => document.getElementById(id);
const most = 500; // rows drawn at once

let state = { status: { sources: [] }, values: [], history: [] };
let skew = 0;               // the server's clock less the browser's, in ms
let drawn = most;           // how many rows may be drawn
const open = new Set();     // paths whose layers are shown
const closed = new Set();   // sections that are folded
let fresh = new Set();      // paths whose values have just changed

// make returns an element with a class, and with texts and elements in it.
function make(name, className, ...inside) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...inside.filter((each) => each !== null && each !== undefined && each !== ""));
  return element;
}

const plural = (n, noun) => n === 1 ? `1 ${noun}` : `${n.toLocaleString("en")} ${noun}s`;

function size(bytes) {
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (bytes < 1000 || unit === "GB") return `${bytes < 10 && unit !== "B" ? bytes.toFixed(1) : Math.round(bytes)} ${unit}`;
    bytes /= 1000;
  }
}

// age is how long ago a time was.
function age(time) {
  const seconds = Math.max(0, Math.round((Date.now() + skew - Date.parse(time)) / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h ${Math.floor(seconds / 60) % 60}m`;
  return `${Math.floor(seconds / 86400)}d ${Math.floor(seconds / 3600) % 24}h`;
}

// ago is an element that goes on telling how long ago a time was.
function ago(before, time, after) {
  const element = make("time");
  element.dateTime = time;
  element.title = new Date(time).toLocaleString();
  element.dataset.before = before;
  element.dataset.after = after || "";
  tell(element);
  return element;
}

function tell(element) {
  element.textContent = element.dataset.before + age(element.dateTime) + element.dataset.after;
}

setInterval(() => document.querySelectorAll("time").forEach(tell), 1000);

const query = () => $("search").value.trim().toLowerCase();

// marked is a text with what is searched for marked in it.
function marked(text) {
  const wanted = query();
  const at = wanted ? text.toLowerCase().indexOf(wanted) : -1;
  if (at < 0) return [text];
  return [text.slice(0, at), make("mark", "", text.slice(at, at + wanted.length)), text.slice(at + wanted.length)];
}

// ---- what is above the values

function drawStatus() {
  const s = state.status;
  $("generation").replaceChildren("generation ", make("b", "", String(s.generation)), make("span", "", ago(", for ", s.since)));
  $("sources").replaceChildren(...s.sources.slice().reverse().map(drawSource));
  $("note").hidden = !s.note;
  $("note").textContent = s.note || "";
  const rejections = Object.entries(s.rejections || {}).map(([kind, n]) => `${n} ${kind}`);
  $("applied").textContent = plural(s.applied.count, "update") + (rejections.length ? `; problems so far: ${rejections.sort().join(", ")}` : "");
  drawBanner($("rejected"), s.rejected ? s.rejected.problems : [], (n) =>
    `An update is rejected: ${plural(n + (s.rejected ? s.rejected.more || 0 : 0), "problem")}`);
  drawBanner($("unknown"), s.unknown || [], (n) => `${plural(n, "key")} to look at`);
}

function drawSource(src) {
  const lines = [];
  if (src.state === "live" || src.state === "degraded") {
    if (src.contact) lines.push(make("p", "what", ago("last heard ", src.contact, " ago"), src.lastChange ? ago(", changed ", src.lastChange, " ago") : ""));
  } else if (src.since) {
    lines.push(make("p", "what", ago(src.contact ? "cut off for " : "for ", src.since),
      src.contact ? ago(", last heard ", src.contact, " ago") : ""));
  }
  const facts = [];
  if (src.revision) facts.push(`revision ${src.revision}`);
  if (src.optional) facts.push("optional");
  if (src.retries) facts.push(`attempt ${src.retries + 1}`);
  if (src.failures) facts.push(plural(src.failures, "failure"));
  if (src.resyncs) facts.push(plural(src.resyncs, "resync"));
  if (src.emits) facts.push(plural(src.emits, "snapshot"));
  if (src.bytes) facts.push(`${size(src.bytes)} read`);
  if (facts.length) lines.push(make("p", "what", facts.join(" · ")));
  if (src.note) lines.push(make("p", "what", src.note));
  if (src.err) lines.push(make("p", "error", src.err));
  return make("li", "", make("div", "head", make("span", "name", src.name), make("span", `pill ${src.state}`, src.state)), ...lines);
}

function drawBanner(banner, problems, title) {
  banner.hidden = problems.length === 0;
  banner.querySelector("h2").textContent = title(problems.length);
  banner.querySelector("ul").replaceChildren(...problems.map((p) => make("li", "",
    p.path ? linkTo(p.path) : null, p.path ? ": " : null, p.error,
    p.from ? make("div", "what mono", `from ${p.from}`) : null,
    ...(p.hides || []).map((h) => make("div", "what mono", `hides ${h.value} from ${h.from}`)))));
}

// linkTo is a button that shows a value.
function linkTo(path) {
  const button = make("button", "link-button mono", path);
  button.type = "button";
  button.addEventListener("click", () => show(path));
  return button;
}

function show(path) {
  $("search").value = "";
  open.add(path);
  const value = state.values.find((v) => v.path === path);
  if (value) value.segments.forEach((_, i) => closed.delete(section(value.segments.slice(0, i))));
  drawn = Math.max(drawn, state.values.indexOf(value) + most);
  drawValues();
  const row = rows().find((r) => r.dataset.path === path);
  if (row) {
    row.scrollIntoView({ block: "center" });
    row.focus();
  }
}

// ---- the values

const section = (segments) => segments.join("\u0000");
const rows = () => [...$("values").querySelectorAll(".row")];

function matches(v) {
  const wanted = query();
  if (!wanted) return true;
  return [v.path, v.value, v.full || "", v.field || "", ...v.layers.map((l) => l.from), ...(v.rejected || []).map((l) => l.value)].some((text) => text.toLowerCase().includes(wanted));
}

function drawValues() {
  const focus = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.key : undefined;
  const found = state.values.filter(matches);
  $("count").textContent = found.length === state.values.length ? String(found.length) : `${found.length} of ${state.values.length}`;
  const all = [];
  let above = [];
  let left = drawn;
  for (const v of found) {
    if (left === 0) break;
    const parents = v.segments.slice(0, -1);
    let same = 0;
    while (same < above.length && same < parents.length && above[same] === parents[same]) same++;
    for (let depth = same; depth < parents.length; depth++) {
      const here = parents.slice(0, depth + 1);
      if (!folded(here.slice(0, -1))) all.push(drawSection(here, found));
    }
    above = parents;
    if (folded(parents)) continue;
    all.push(drawValue(v));
    left--;
  }
  $("values").replaceChildren(...(all.length ? all : [make("p", "none", state.values.length ? "Nothing matches." : "Nothing is set.")]));
  $("more").hidden = left > 0;
  $("more").textContent = `Show ${most} more`;
  if (focus !== undefined) {
    const again = rows().find((r) => r.dataset.key === focus);
    if (again) again.focus();
  }
}

// folded reports whether a section, or one above it, is folded. A search unfolds all.
function folded(segments) {
  return !query() && segments.some((_, i) => closed.has(section(segments.slice(0, i + 1))));
}

function button(className, key, depth, expanded, inside, clicked) {
  const row = make("button", `row ${className}`, ...inside);
  row.type = "button";
  row.dataset.key = key;
  row.setAttribute("aria-expanded", String(expanded));
  row.style.setProperty("--depth", String(depth));
  row.addEventListener("click", clicked);
  return row;
}

function drawSection(segments, found) {
  const id = section(segments);
  const count = found.filter((v) => segments.every((s, i) => v.segments[i] === s)).length;
  return make("div", "item", button("section", `section ${id}`, segments.length - 1, !folded(segments), [
    make("span", "key mono", ...marked(segments[segments.length - 1])), make("span", "from", String(count)),
  ], () => {
    if (!closed.delete(id)) closed.add(id);
    drawValues();
  }));
}

function drawValue(v) {
  const depth = Math.max(0, v.segments.length - 1);
  const from = v.layers.length ? v.layers[0].from : "set nowhere";
  const kind = v.secret ? "secret" : v.layers.length ? "" : "nothing";
  const row = button("", `value ${v.path}`, depth, open.has(v.path), [
    make("span", "key mono", ...marked(v.segments[v.segments.length - 1] || "(all)")),
    make("span", `value mono ${kind}`, ...marked(v.value)),
    make("span", "from", ...marked(from)),
    ...(v.rejected || []).map((l) => make("span", "refused", l.value ? make("code", "", l.value) : "", l.value ? `: ${l.why}` : l.why)),
  ], () => {
    if (!open.delete(v.path)) open.add(v.path);
    drawValues();
  });
  row.dataset.path = v.path;
  row.title = v.path;
  const item = make("div", fresh.has(v.path) ? "item fresh" : "item", row);
  if (open.has(v.path)) item.append(drawPanel(v, depth));
  return item;
}

const roles = { used: "in force", merged: "in force with others", hides: "hides what is below", hidden: "hidden" };

function drawPanel(v, depth) {
  const facts = make("dl");
  const fact = (name, text) => text && facts.append(make("dt", "", name), make("dd", "mono", text));
  fact("path", v.path);
  fact("field", v.field);
  fact("type", v.type);
  fact("made of", v.text);
  for (const ref of v.refs || []) fact("with", ref);
  if (v.unknown) fact("unknown", "no field takes it");
  const refused = (v.rejected || []).map((l) => make("li", "refused-here",
    make("code", "", l.value), make("span", "role", `rejected: ${l.why}`), make("div", "place", l.from)));
  const layers = v.layers.map((l) => make("li", l.role, make("code", "", l.value),
    make("span", "role", (roles[l.role] || l.role) + (l.by ? ` by ${l.by}` : "") + (l.conflict ? ", another kind of value" : "")),
    make("div", "place", l.from, l.since ? ago(", for ", l.since) : "")));
  const panel = make("div", "panel", facts, make("ol", "layers", ...refused, ...layers));
  if (v.searched) panel.append(make("p", "what", `Not set in ${v.searched.join(", ")}`));
  if (v.full) panel.append(make("pre", "full mono", v.full));
  panel.style.setProperty("--depth", String(depth));
  return panel;
}

// ---- the history

function drawHistory() {
  $("history").parentElement.hidden = state.history.length === 0;
  $("history").replaceChildren(...state.history.slice().reverse().map((g) => make("li", "",
    make("b", "", `generation ${g.number}`), make("span", "when", ago("", g.since, " ago")),
    g.serves ? make("span", "when", `serves generation ${g.serves} again`) : "",
    make("ul", "", ...g.changes.map((c) => make("li", "", linkTo(c.path), " ",
      make("del", "mono", c.old || "nothing"), " → ", make("ins", "mono", c.new || "nothing"),
      make("div", "what", c.from))), g.more ? make("li", "what", `and ${g.more} more`) : ""))));
}

// ---- what comes from the server

let asking = new AbortController(); // aborted when nothing comes from the server any more

async function load() {
  const answer = await fetch("?json", { headers: { Accept: "application/json" }, signal: asking.signal });
  if (!answer.ok) throw new Error(answer.statusText);
  const next = await answer.json();
  const before = new Map(state.values.map((v) => [v.path, v.value]));
  fresh = new Set(before.size === 0 ? [] : next.values.filter((v) => before.get(v.path) !== v.value).map((v) => v.path));
  state = next;
  skew = Date.parse(next.status.now) - Date.now();
  document.title = `${next.program} – configuration`;
  $("program").textContent = next.program;
  $("host").textContent = next.host;
  drawStatus();
  drawValues();
  drawHistory();
}

// signature tells whether there is more to load than the status.
const signature = (s) => JSON.stringify([s.generation, s.rejected, s.unknown, s.sources.map((src) => src.revision)]);

function link(className, text) {
  $("link").className = `link ${className}`;
  $("link").textContent = text;
}

let loading = false;
let shown = "";

async function told(status) {
  state.status = status;
  skew = Date.parse(status.now) - Date.now();
  drawStatus();
  if (loading || signature(status) === shown) return;
  loading = true;
  try {
    await load();
    shown = signature(state.status);
    link("live", "live");
  } catch (err) {
    link("lost", "out of touch with the program");
  } finally {
    loading = false;
  }
}

const silence = 30000; // ms in which something comes, for the server ends each request for events sooner

// follow keeps one request for events open. The browser itself makes it again
// when it ends, but not after an answer that is none, as of a proxy whose server
// has gone, and not where nothing ends it and nothing comes.
function follow() {
  const events = new EventSource("?events");
  let lost = 0;   // the timer that will say that the program is out of touch
  let silent = 0; // the timer that will begin anew
  const found = () => {
    clearTimeout(lost);
    lost = 0;
    clearTimeout(silent);
    silent = setTimeout(() => {
      link("lost", "out of touch with the program");
      events.close();
      asking.abort();
      asking = new AbortController();
      follow();
    }, silence);
  };
  found();
  events.addEventListener("message", (event) => {
    found();
    link("live", "live");
    told(JSON.parse(event.data));
  });
  events.addEventListener("open", found);
  events.addEventListener("error", () => {
    if (!lost) lost = setTimeout(() => link("lost", "out of touch with the program"), 2000);
    if (events.readyState === EventSource.CLOSED) {
      clearTimeout(silent);
      setTimeout(follow, 2000);
    }
  });
}

follow();

// ---- the keyboard and the address

$("search").addEventListener("input", () => { drawn = most; drawValues(); });
$("more").addEventListener("click", () => { drawn += most; drawValues(); });

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const searching = document.activeElement === $("search");
  if (event.key === "/" && !searching) {
    event.preventDefault();
    $("search").focus();
  } else if (event.key === "Escape" && searching) {
    $("search").value = "";
    drawValues();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const all = rows();
    const at = all.indexOf(document.activeElement);
    if (at < 0 && !(searching && event.key === "ArrowDown")) return;
    event.preventDefault();
    const next = all[at + (event.key === "ArrowDown" ? 1 : -1)];
    (next || $("search")).focus();
  }
});
