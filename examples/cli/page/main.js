// What was chosen, in the address; the views of it; the search.

const byId = id => document.getElementById(id);
const grouping = groupTables(), opened = new Set();
const views = { view: plan ? "rows" : "near", table: null, first: new Set() };

/** The address says "table/NAME" or "group/NAME"; a name that is not there is nothing. */
function chosen() {
  const [, what, name] = /^#(table|group)\/(.*)$/s.exec(location.hash) || [];
  let text;
  try {
    text = name === undefined ? "" : decodeURIComponent(name);
  } catch {
    return {};
  }
  return what === "table" ? { table: byLabel.get(text) } : what === "group" && grouping.groups.has(text) ? { group: text } : {};
}

function offered(table) {
  if (table) return [["near", "1 step"], ["far", "2 steps"], ["delete", "What a delete meets"]];
  if (plan) return [["rows", "Tables with rows"], ["all", "All tables"]];
  return data.layout ? [["all", "Picture"], ["groups", "Groups"]] : [];
}

function sceneOf(table) {
  const start = tables.get(data.start);
  if (!table && plan && views.view === "rows") return inColumns(reach(start, hasRows), opened, start, views.first);
  if (!table && data.layout) return arranged();
  if (!table) return inColumns(reach(start), opened, start, views.first);
  const columns = views.view === "delete" ? reach(table) : around(table, views.view === "far" ? 2 : 1);
  return inColumns(columns, opened, table, views.first);
}

/** Draws buttons anew; the one that had the focus has it again. */
function refill(place, children) {
  const controls = () => [...place.querySelectorAll("button, input")], at = controls().indexOf(document.activeElement);
  place.replaceChildren(...children);
  if (at >= 0 && controls()[at]) controls()[at].focus();
}

function drawViews(table) {
  const list = offered(table);
  if (list.length && !list.some(([name]) => name === views.view)) views.view = list[0][0];
  refill(byId("views"), list.map(([name, text]) => html("button", { type: "button",
    "aria-pressed": String(name === views.view), onclick: () => { views.view = name; show(); } }, text)));
}

function drawLegend() {
  const counts = new Map(ORDER.map(kind => [kind, 0]));
  for (const relation of data.relations) counts.set(relation.kind, counts.get(relation.kind) + 1);
  const choices = ORDER.filter(kind => counts.get(kind)).map(kind => {
    const sample = element("svg", { viewBox: "0 0 34 10", width: 34, height: 10, class: `line ${kind}`, "aria-hidden": "true" },
      element("path", { d: "M1 5 H31", class: "ink", "marker-end": `url(#end-${kind})` }));
    const box = html("input", { type: "checkbox", checked: !switchedOff.has(kind),
      onchange: () => { switchedOff[box.checked ? "delete" : "add"](kind); show(); } });
    return html("label", {}, box, sample, `${KINDS[kind]} (${number(counts.get(kind))})`);
  });
  refill(byId("legend"), [...choices, html("span", { class: "hint" }, "dashed: without an index")]);
}

/** Shows a blocker in the picture of what a delete meets, and keeps its way lit. */
function chooseBlocker(table, relation) {
  for (const part of wayTo(relation, closure(table || tables.get(data.start)))) views.first.add(part.table);
  if (table) views.view = "delete";
  else if (!shown.lines.has(relation.id)) views.view = "all";
  showPicture(table);
  lightRelation(relation, table || tables.get(data.start));
  if (shown.boxes.has(relation.table)) shown.boxes.get(relation.table).scrollIntoView({ block: "center", inline: "nearest" });
}

function showPicture(table, group) {
  if (views.table !== table) {
    opened.clear();
    views.first.clear();
  }
  views.table = table;
  drawViews(table);
  drawLegend();
  const title = table ? table.label : group !== undefined ? group || "others"
    : plan ? "What the plan meets" : counted(listed.length, "table");
  byId("picture-title").replaceChildren(html("bdi", {}, title));
  document.title = `${table ? table.label : plan ? `plan of ${tables.get(data.start).label}` : data.uri || "graph"} – cascade`;
  const cards = !table && !plan && (group !== undefined || views.view === "groups" || !data.layout);
  document.body.classList.toggle("carded", cards);
  if (cards) {
    shown.svg = null;
    byId("canvas").replaceChildren(groupCards(grouping, group));
    byId("canvas").scrollTop = 0;
  } else {
    draw(sceneOf(table), table || plan && tables.get(data.start), column => { opened.add(column); showPicture(table); });
  }
}

function show() {
  const { table, group } = chosen();
  showPicture(table, group);
  const choose = relation => chooseBlocker(table, relation);
  const panel = table ? tablePanel(table, choose) : plan ? planPanel(choose) : overviewPanel();
  byId("details").replaceChildren(...panel.filter(Boolean));
  byId("details").scrollTop = 0;
}

// ---- hover

byId("canvas").addEventListener("mouseover", event => {
  const root = views.table || plan && tables.get(data.start);
  const line = event.target.closest("[data-relation]"), box = event.target.closest("[data-table]");
  if (line) lightRelation(relations.get(Number(line.dataset.relation)), root);
  else if (box) lightTable(tables.get(Number(box.dataset.table)), root);
  else light([]);
});
byId("canvas").addEventListener("focusin", event => {
  const box = event.target.closest("[data-table]");
  if (box) lightTable(tables.get(Number(box.dataset.table)), views.table || plan && tables.get(data.start));
});
for (const event of ["mouseleave", "focusout"]) byId("canvas").addEventListener(event, () => light([]));

/** A table's own relations; and where rows of it block, the way there. */
function lightTable(table, root) {
  const own = [...table.to, ...table.from].filter(relation => shown.lines.has(relation.id));
  const met = root && root !== table ? closure(root) : null;
  const found = relation => !plan || plan.steps.some(step => step.relation_id === relation.id && step.rows);
  const stop = met && own.find(relation => relation.table === table.id && relation.kind === "block" && met.has(relation.ref) &&
    found(relation));
  light(stop ? wayTo(stop, met) : own, [table.id]);
}

// ---- search

const MATCHES = 12, search = byId("search"), list = byId("found");
let matches = [], active = 0;

function drawMatches() {
  list.hidden = !matches.length;
  search.setAttribute("aria-expanded", String(matches.length > 0));
  list.replaceChildren(...matches.slice(0, MATCHES).map((table, i) => html("li", { role: "option", id: `found-${i}`,
    "aria-selected": String(i === active), onmousedown: event => { event.preventDefault(); take(table); } },
  html("bdi", {}, table.label), html("small", {}, inAndOut(table)))));
  if (matches.length) search.setAttribute("aria-activedescendant", `found-${active}`);
  else search.removeAttribute("aria-activedescendant");
}

function seek() {
  matches = find(search.value);
  active = 0;
  drawMatches();
  byId("told").textContent = !search.value.trim() ? "" : `${matches.length ? counted(matches.length, "table") : "No table"} found`;
  search.classList.toggle("nothing", Boolean(search.value.trim()) && !matches.length);
}

function forget() {
  matches = [];
  drawMatches();
}

function take(table) {
  search.value = "";
  byId("told").textContent = "";
  forget();
  if (location.hash === address(table)) show();
  else location.hash = address(table);
}

search.addEventListener("input", seek);
search.addEventListener("focus", seek);
search.addEventListener("blur", forget);
search.addEventListener("keydown", event => {
  const last = Math.min(matches.length, MATCHES) - 1;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    active = event.key === "ArrowDown" ? (active >= last ? 0 : active + 1) : active <= 0 ? Math.max(0, last) : active - 1;
    drawMatches();
  } else if (event.key === "Enter" && matches.length) {
    take(matches[active]);
  } else if (event.key === "Escape") {
    search.value = "";
    seek();
    search.blur();
  } else {
    return;
  }
  event.preventDefault();
});
document.addEventListener("keydown", event => {
  if (event.key === "/" && document.activeElement !== search && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    search.focus();
  } else if (event.key === "Escape") {
    light([]);
  }
});

// ---- the page

window.addEventListener("hashchange", () => {
  if (location.hash === "#details") return;
  show();
  byId("picture-title").focus({ preventScroll: true });
});
window.addEventListener("resize", () => { if (shown.svg) fit(); });
byId("home").textContent = plan ? "cascade plan" : "cascade graph";
byId("about").textContent = [data.uri, `${counted(listed.length, "table")}, ${counted(data.relations.length, "relation")}`]
  .filter(Boolean).join(" · ");
document.body.classList.toggle("plan", Boolean(plan));
if (plan) byId("verdict").append(verdict());
if (plan && (listed.length <= 25 || !listed.some(table => !hasRows(table.id)))) views.view = "all";
if (!plan && data.start !== undefined && !location.hash) history.replaceState(null, "", address(tables.get(data.start)));
show();
