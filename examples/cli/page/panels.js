// What stands beside the picture, and says all of it in words: relations as tables, warnings, the steps of a plan.

const LISTED = 60;
const address = table => `#table/${encodeURIComponent(table.label)}`;
const linkTo = table => html("a", { href: address(table) }, html("bdi", {}, table.label));
const badge = (kind, text) => html("span", { class: `badge ${kind}` }, text);

/** Items of which the first are shown; the rest on demand. */
function capped(items, make, into) {
  const add = some => into.append(...some.map(make));
  add(items.slice(0, LISTED));
  if (items.length <= LISTED) return into;
  const rest = html("button", { type: "button", class: "rest", onclick: () => { rest.remove(); add(items.slice(LISTED)); } },
    `Show ${number(items.length - LISTED)} more`);
  return html("div", {}, into, rest);
}

function folded(title, open, content) {
  const fold = html("details", { open });
  fold.append(html("summary", {}, title));
  const fill = () => { if (fold.open && fold.children.length === 1) fold.append(content()); };
  fold.addEventListener("toggle", fill);
  if (open) fold.append(content());
  return fold;
}

/** Lights a relation in the picture while the pointer or the focus is on what tells of it. */
function lights(made, relation, root) {
  const on = () => lightRelation(relation, root), off = () => light([]);
  for (const [event, what] of [["mouseenter", on], ["mouseleave", off], ["focusin", on], ["focusout", off]])
    made.addEventListener(event, what);
  return made;
}

const headings = (...texts) => html("thead", {}, html("tr", {}, ...texts.map(text => html("th", { scope: "col" }, text))));

// ---- relations

function relationRow(relation, end, root) {
  const other = tables.get(end === "to" ? relation.table : relation.ref);
  const columns = relation.columns.join(", ") + (relation.ref_columns.length ? ` → ${relation.ref_columns.join(", ")}` : "");
  return lights(html("tr", {},
    html("td", {}, linkTo(other), html("small", {}, html("bdi", {}, columns))),
    html("td", {}, badge(relation.kind, relation.meaning), html("small", {}, relation.rule)),
    html("td", {}, ...relation.notes.map(note => html("span", { class: "note", title: NOTES[note] }, note)))), relation, root);
}

function relationTable(caption, list, end, root) {
  const sorted = list.filter(visible).sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || byName(a, b));
  const body = html("tbody");
  const table = html("table", {}, html("caption", {}, caption),
    headings("Table, columns", "When a row is deleted", "Note"), body);
  const made = capped(sorted, relation => relationRow(relation, end, root), body);
  return made === body ? table : html("div", {}, table, made.lastChild);
}

function relationList(list, root) {
  return capped(list, relation => lights(html("li", {}, linkTo(tables.get(relation.table)), " → ", linkTo(tables.get(relation.ref)),
    html("small", {}, html("bdi", {}, relation.label))), relation, root), html("ul", { class: "plain" }));
}

/** The tables on the way to a blocker, from where the delete begins. */
function wayInWords(way) {
  const names = [tables.get(way[0].ref), ...way.map(relation => tables.get(relation.table))];
  return names.map(table => table.label).join(" ← ");
}

function blockerList(found, met, root, choose) {
  const list = found.map(relation => ({ relation, way: wayTo(relation, met) }))
    .sort((a, b) => a.way.length - b.way.length || byName(a.relation, b.relation));
  const item = ({ relation, way }) => html("li", {}, lights(
    html("button", { type: "button", class: "way", onclick: () => choose(relation) }, html("bdi", {}, relation.label), " ",
      badge("block", relation.meaning), html("small", {}, html("bdi", {}, wayInWords(way)))), relation, root));
  return capped(list, item, html("ul", { class: "plain" }));
}

// ---- a table

function tablePanel(table, choose) {
  const met = closure(table), stops = blockersOf(met), facts = [], unstopped = stops.length ? "." : ", and nothing can stop it.";
  const kinds = { view: "A view", virtual: "A virtual table", missing: "Not in the database",
    partition: `A partition of ${table.part_of}` };
  if (kinds[table.kind]) facts.push(kinds[table.kind]);
  if (table.rows >= 0) facts.push(`About ${counted(table.rows, "row")}`);
  if (table.kind === "table") facts.push(table.key.length ? `Primary key ${table.key.join(", ")}` : "No primary key");
  if (table.cycle >= 0) facts.push(`In a circle with ${listed.filter(other => other.cycle === table.cycle && other !== table)
    .map(other => other.label).join(", ")}`);
  return [
    html("h2", { id: "details-title" }, html("bdi", {}, table.label)),
    html("p", { class: "facts" }, facts.join(" · ")),
    ...table.notes.map(note => html("p", { class: "banner warn" }, note)),
    plan ? stepTable(plan.steps.filter(step => step.table_id === table.id), "Steps of the plan here") : null,
    stops.length ? html("h3", {}, `What can stop a delete (${number(stops.length)})`) : null,
    stops.length ? blockerList(stops, met, table, choose) : null,
    html("h3", {}, "A delete"),
    html("p", {}, `takes rows of ${met.size > 1 ? `${number(met.size)} tables` : "this table alone"}`, unstopped),
    met.size > 1 ? folded(`These ${number(met.size)} tables`, met.size < 8, () => capped([...met.keys()].map(id => tables.get(id)),
      other => html("li", {}, linkTo(other)), html("ul", { class: "names" }))) : null,
    table.to.length ? relationTable(`Referred to by ${counted(table.to.length, "relation")}`, table.to, "to", table)
      : html("p", {}, "Nothing refers to it."),
    table.from.length ? relationTable(`Refers to others by ${counted(table.from.length, "relation")}`, table.from, "from", table)
      : html("p", {}, "It refers to nothing."),
  ];
}

// ---- the whole

function graphWarnings() {
  const found = [], all = data.relations;
  for (const [note, title] of [["unresolved", "Pointing to what does not exist: the database refuses every delete there"],
    ["no index", "Without an index: each batch of a delete scans the referencing table"],
    ["to many", "Referring to columns that are no unique key"],
    ["not validated", "Not validated: older rows may refer to nothing"]]) {
    const some = all.filter(relation => relation.notes.includes(note));
    if (some.length) found.push(folded(`${title} (${number(some.length)})`, false, () => relationList(some)));
  }
  const warn = text => html("p", { class: "banner warn" }, text), notes = new Map();
  for (const table of listed) for (const note of table.notes) notes.set(note, [...notes.get(note) || [], table]);
  for (const [note, some] of notes) found.push(folded(`${counted(some.length, "table")}: ${note}`, false, () => nameList(some)));
  const circles = new Map();
  for (const table of listed) if (table.cycle >= 0) circles.set(table.cycle, [...circles.get(table.cycle) || [], table]);
  for (const some of circles.values())
    found.push(folded(`${number(some.length)} tables refer to each other in a circle`, false, () => nameList(some)));
  if (data.hidden & 1) found.push(warn("Hidden from this user: what refers to these tables from databases that it may not see"));
  if (data.hidden & 2) found.push(warn("Hidden from this user: triggers on tables from which it may not delete"));
  return found;
}

const inAndOut = table => `${number(table.to.length)} in, ${number(table.from.length)} out`;
const nameList = some => capped(some, table => html("li", {}, linkTo(table)), html("ul", { class: "names" }));

function overviewPanel() {
  const warnings = graphWarnings(), alone = listed.filter(table => !table.to.length && !table.from.length);
  const hubs = listed.filter(table => table.to.length > 1).sort((a, b) => b.to.length - a.to.length || byName(a, b)).slice(0, 12);
  return [
    html("h2", { id: "details-title" }, "The whole"),
    data.no_layout ? html("p", { class: "banner warn" }, `No picture of the whole: ${data.no_layout}`) : null,
    html("h3", {}, warnings.length ? "Warnings" : "No warnings"), ...warnings,
    hubs.length ? html("h3", {}, "Most referred to") : null,
    hubs.length ? html("ol", { class: "bars" }, ...hubs.map(table => html("li", {}, linkTo(table),
      html("span", { class: "bar", style: `--part: ${table.to.length / hubs[0].to.length}` }, number(table.to.length))))) : null,
    html("h3", {}, "Tables"),
    alone.length ? folded(`${number(alone.length)} without relations`, false, () => nameList(alone)) : null,
    folded(`All ${number(listed.length)}`, false, () => nameList(listed)),
  ];
}

/** Groups in place of a picture that nobody could read. */
function groupCards(grouping, chosen) {
  if (chosen !== undefined) {
    const members = (grouping.groups.get(chosen) || []).slice().sort((a, b) => b.to.length - a.to.length || byName(a, b));
    const card = table => html("li", {}, html("a", { href: address(table), class: "card" },
      html("b", {}, html("bdi", {}, table.label)), html("small", {}, inAndOut(table))));
    return html("div", { class: "cards" }, html("p", {}, html("a", { href: "#" }, "← All groups")),
      html("ul", { class: "cards" }, ...members.map(card)));
  }
  const groups = [...grouping.groups];
  groups.sort((a, b) => (a[0] === "") - (b[0] === "") || b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1));
  const most = groups[0] ? Math.max(...groups.map(([, members]) => members.length)) : 1;
  return html("div", { class: "cards" },
    html("p", {}, `Grouped by ${grouping.by}. Choose a group, or find a table: what is around it is then drawn.`),
    html("ul", { class: "cards" }, ...groups.map(([name, members]) => {
      const top = members.slice().sort((a, b) => b.to.length - a.to.length || byName(a, b)).slice(0, 3).map(table => table.label);
      return html("li", {}, html("a", { href: `#group/${encodeURIComponent(name)}`, class: "card" },
        html("b", {}, html("bdi", {}, name || "others")),
        html("span", { class: "bar", style: `--part: ${members.length / most}` }, counted(members.length, "table")),
        html("small", {}, html("bdi", {}, top.join(", "), members.length > 3 ? ", …" : ""))));
    })));
}
