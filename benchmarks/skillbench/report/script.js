"use strict";
// Texts of a run are hostile: they reach the page through textContent alone.
(async () => {
  const PAGE = 20;
  const byId = (id) => document.getElementById(id);

  async function unpack(id) {
    const packed = atob(byId(id).textContent);
    const bytes = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).json();
  }

  function make(name, text, kind) {
    const found = document.createElement(name);
    if (text !== undefined && text !== null) found.textContent = String(text);
    if (kind) found.className = kind;
    return found;
  }

  function complain(text) {
    byId("failed").textContent = text;
    byId("failed").hidden = false;
  }

  if (typeof DecompressionStream === "undefined") {
    complain("This browser is too old to unpack the judgments; everything above is complete without them.");
    return;
  }
  let data;
  try {
    data = await unpack("rows");
  } catch (error) {
    complain("The judgments cannot be unpacked: the file is damaged or was cut off.");
    return;
  }
  const talks = new Map(data.talks.filter((one) => one[0] >= 0).map((one) => [one[0] + ":" + one[1], [one[2], one[3]]]));
  const chunks = new Map();
  let shown = [], start = 0, current = null;

  function kindOf(flags) {
    if (!(flags & data.flags.valid)) return "invalid";
    if (flags & data.flags.wrong) return "wrong";
    return flags & data.flags.right ? "right" : "other";
  }

  function wanted(run, row, kind, group, part) {
    const columns = run.columns, flags = columns.flags[row];
    if (group !== "" && columns.group[row] !== group) return false;
    if (kind === "ungrounded" || kind === "overruled") { if (!(flags & data.flags[kind])) return false; }
    else if (kind && kindOf(flags) !== kind) return false;
    return !part || columns.id[row].toLowerCase().includes(part);
  }

  function filter() {
    const place = Number(byId("run").value), run = data.runs[place];
    const chosen = byId("group").value, group = chosen === "" ? "" : run.groups.indexOf(chosen);
    const part = byId("search").value.trim().toLowerCase(), kind = byId("kind").value;
    const readable = byId("readable").checked;
    shown = [];
    for (let row = 0; row < run.count; row++) {
      if (readable && !talks.has(place + ":" + row)) continue;
      if (wanted(run, row, kind, group, part)) shown.push(row);
    }
    start = 0;
    list();
  }

  function tags(columns, row) {
    const kind = kindOf(columns.flags[row]);
    const found = [make("span", kind === "other" ? "no points" : kind, "tag " + kind)];
    for (const name of ["ungrounded", "overruled"])
      if (columns.flags[row] & data.flags[name]) found.push(make("span", name, "tag other"));
    return found;
  }

  function list() {
    const place = Number(byId("run").value), run = data.runs[place], columns = run.columns;
    const rows = shown.slice(start, start + PAGE).map((row) => {
      const item = document.createElement("li"), button = make("button");
      button.type = "button";
      button.append(...tags(columns, row));
      const answer = columns.said[row] || "nothing";
      const made = columns.flags[row] & data.flags.overruled ? ", readout: " + (columns.outcome[row] || "nothing") : "";
      const gold = columns.gold[row] ? ", right: " + columns.gold[row] : "";
      button.append(make("span", "said: " + answer + made + gold), make("span", columns.id[row], "id"));
      button.setAttribute("aria-current", String(current === place + ":" + row));
      button.addEventListener("click", () => open(place, row));
      item.append(button);
      return item;
    });
    byId("list").replaceChildren(...rows);
    byId("count").textContent = shown.length === 1 ? "1 judgment" : shown.length.toLocaleString("en") + " judgments";
    byId("place").textContent = shown.length ? (start + 1) + " to " + Math.min(start + PAGE, shown.length) : "nothing fits";
    byId("back").disabled = start === 0;
    byId("on").disabled = start + PAGE >= shown.length;
  }

  function facts(columns, run, row) {
    const found = document.createElement("dl");
    const named = [
      ["group", run.groups[columns.group[row]]], ["order", columns.order[row]], ["right answer", columns.gold[row]],
      ["judge said", columns.said[row] || "nothing"], ["label", columns.label && columns.label[row]],
      ["readout made", columns.outcome[row] || "nothing"],
      [columns.flags[row] & data.flags.valid ? "remark" : "error", columns.note && columns.note[row]],
      ["tokens", columns.tokens[row]], ["latency", columns.latency[row] + " s"],
    ];
    for (const [name, value] of named)
      if (value !== "" && value !== undefined) found.append(make("dt", name), make("dd", value));
    return found;
  }

  function turn(message) {
    const found = make("div", null, "turn");
    if (["assistant", "tool"].includes(message.role)) found.classList.add(message.role);
    found.append(make("h4", message.role));
    if (message.text) found.append(make("pre", message.text));
    for (const [name, given] of message.calls) found.append(make("pre", name + " " + given));
    return found;
  }

  function finding(one) {
    const found = document.createElement("dl");
    if (one === null || typeof one !== "object") found.append(make("dt", "finding"), make("dd", JSON.stringify(one)));
    else for (const [name, value] of Object.entries(one))
      found.append(make("dt", name), make("dd", typeof value === "string" ? value : JSON.stringify(value)));
    return found;
  }

  function reading(talk) {
    const found = [make("h4", "Findings")];
    if (talk.findings.length) found.push(...talk.findings.map(finding));
    else found.push(make("p", "The judge submitted none.", "faint"));
    if (talk.verifiers.length) found.push(make("h4", "Established by code"));
    for (const [name, text] of talk.verifiers) found.push(make("pre", name + ": " + text));
    found.push(make("h4", "The conversation as the judge saw it"), ...talk.messages.map(turn));
    if (talk.more) found.push(make("p", talk.more + " messages more are in traces.jsonl.", "faint"));
    return found;
  }

  async function open(place, row) {
    const run = data.runs[place], key = place + ":" + row, detail = byId("detail");
    current = key;
    list();
    const head = make("h3");
    head.append(...tags(run.columns, row), make("span", run.columns.id[row]));
    const parts = [head, facts(run.columns, run, row)];
    const where = talks.get(key);
    if (where) {
      if (!chunks.has(where[0])) chunks.set(where[0], unpack("chunk" + where[0]));
      parts.push(...reading((await chunks.get(where[0]))[where[1]]));
    } else parts.push(make("p", "This conversation is not in the page; it is in the run's traces.jsonl.", "faint"));
    if (current !== key) return;
    detail.replaceChildren(...parts);
    detail.scrollTop = 0;
    if (matchMedia("(max-width: 720px)").matches) detail.scrollIntoView({ block: "start" });
  }

  function options() {
    const run = data.runs[Number(byId("run").value)];
    const all = make("option", "all");
    all.value = "";
    byId("group").replaceChildren(all, ...[...run.groups].sort().map((name) => make("option", name)));
  }

  data.runs.forEach((run, place) => {
    const option = make("option", run.name);
    option.value = String(place);
    byId("run").append(option);
  });
  byId("readable").checked = data.talks.length > 0;
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("run").addEventListener("change", () => { options(); filter(); });
  for (const id of ["kind", "group", "readable"]) byId(id).addEventListener("change", filter);
  byId("search").addEventListener("input", filter);
  byId("back").addEventListener("click", () => { start = Math.max(0, start - PAGE); list(); });
  byId("on").addEventListener("click", () => { start += PAGE; list(); });
  options();
  filter();
  byId("browser").hidden = false;
  // Wide pages open on something to read; on a phone the list comes first.
  if (shown.length && !matchMedia("(max-width: 720px)").matches) {
    const wrong = shown.find((row) => kindOf(data.runs[0].columns.flags[row]) === "wrong");
    await open(0, wrong === undefined ? shown[0] : wrong);
  }
  document.body.dataset.ready = "yes";
})();
