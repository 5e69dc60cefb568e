"use strict";
// What the data says: tables with the relations at both ends, what a delete reaches, and the way to a blocker.

const data = JSON.parse(document.getElementById("data").textContent);
const plan = data.plan;

const KIND_OF_RULE = { CASCADE: "delete", PROTECT: "block", RESTRICT: "block", SET_NULL: "set", SET_DEFAULT: "set",
  SET_VALUE: "set", IGNORE: "ignore", DETACH: "detach" };
const KINDS = { delete: "deleted too", block: "blocks", set: "rewritten", detach: "detached", ignore: "left alone" };
const ORDER = ["block", "delete", "detach", "set", "ignore"];
const NOTES = {
  "no index": "no index: each batch of a delete scans the referencing table",
  "unresolved": "points to a table or key that does not exist: the database refuses every delete there",
  "to many": "refers to columns that are no unique key: a row may refer to several",
  "not validated": "not validated: older rows may refer to nothing",
  "declared": "declared by the policy; the database does not know it",
};

const tables = new Map(), relations = new Map();
for (const table of data.tables) tables.set(table.id, Object.assign(table, { to: [], from: [] }));
for (const relation of data.relations) {
  relation.kind = KIND_OF_RULE[relation.rule];
  relations.set(relation.id, relation);
  tables.get(relation.ref).to.push(relation);
  tables.get(relation.table).from.push(relation);
}
const byName = (a, b) => a.label < b.label ? -1 : a.label > b.label ? 1 : 0;
const listed = [...tables.values()].sort(byName);
const byLabel = new Map(listed.map(table => [table.label, table]));

const number = value => value.toLocaleString("en-US");
const counted = (count, one, many = one + "s") => `${number(count)} ${count === 1 ? one : many}`;
const deletes = relation => relation.kind === "delete" || relation.kind === "detach";

/** Tables of which rows go with a row of `root`: table -> the relation by which it was met first, and how many steps away. */
function closure(root) {
  const met = new Map([[root.id, { by: null, depth: 0 }]]);
  for (const id of met.keys())
    for (const relation of tables.get(id).to)
      if (deletes(relation) && !met.has(relation.table)) met.set(relation.table, { by: relation, depth: met.get(id).depth + 1 });
  return met;
}

/** The relations from `root` to this one, the nearest first; null when no delete comes so far. */
function wayTo(relation, met) {
  if (!met.has(relation.ref)) return null;
  const way = [relation];
  for (let by = met.get(relation.ref).by; by; by = met.get(by.ref).by) way.unshift(by);
  return way;
}

function blockersOf(met) {
  const found = [];
  for (const id of met.keys()) found.push(...tables.get(id).to.filter(relation => relation.kind === "block"));
  return found;
}

/** Tables within so many steps: table -> column; those that refer to it are left of it, those that it refers to right. */
function around(root, steps) {
  const columns = new Map([[root.id, 0]]);
  for (const [side, end, other] of [[-1, "to", "table"], [1, "from", "ref"]]) {
    let edge = [root];
    for (let step = 1; step <= steps; step++) {
      const next = [];
      for (const table of edge)
        for (const relation of table[end])
          if (visible(relation) && !columns.has(relation[other])) {
            columns.set(relation[other], side * step);
            next.push(tables.get(relation[other]));
          }
      edge = next;
    }
  }
  return columns;
}

/** All that a delete may meet, in columns by distance. */
function reach(root, wanted = () => true) {
  const met = closure(root), columns = new Map([[root.id, 0]]);
  for (const [id, at] of met) if (wanted(id)) columns.set(id, -at.depth);
  for (const [id, at] of met)
    for (const relation of tables.get(id).to)
      if (visible(relation) && relation.kind !== "ignore" && !columns.has(relation.table) && wanted(relation.table))
        columns.set(relation.table, -at.depth - 1);
  return columns;
}

/** Tables of a large database in groups: by schema, by what their names begin with, or in parts that nothing connects. */
function groupTables() {
  const prefix = table => {
    const name = table.label.slice(table.schema ? table.label.lastIndexOf(".") + 1 : 0);
    const found = /^[^\p{L}\p{N}]*(\p{L}[\p{Ll}\p{N}]*|\p{Lu}+)(?=[_\-. ]|\p{Lu})/u.exec(name);
    return found ? found[1].toLowerCase() : "";
  };
  const gather = name => {
    const groups = new Map();
    for (const table of listed) {
      const key = name(table);
      groups.set(key, [...groups.get(key) || [], table]);
    }
    return groups;
  };
  const useful = groups => groups.size > 1 && Math.max(...[...groups.values()].map(group => group.length)) < listed.length * 0.8;
  const schemas = gather(table => table.schema);
  if (useful(schemas)) return { by: "schema", groups: schemas };
  const prefixes = gather(prefix), alone = prefixes.get("") || [];
  prefixes.delete("");
  for (const [name, members] of prefixes)
    if (members.length < 3) {
      alone.push(...members);
      prefixes.delete(name);
    }
  if (alone.length) prefixes.set("", alone.sort(byName));
  if (useful(prefixes)) return { by: "beginning of the name", groups: prefixes };
  const letter = table => [...table.label.slice(table.schema ? table.schema.length + 1 : 0)][0] || "";
  return { by: "first letter", groups: gather(letter) };
}

/** Tables that a text may mean, the best first. */
function find(text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const scored = [];
  for (const table of listed) {
    const name = table.label.toLowerCase(), at = name.indexOf(wanted);
    let score = 9;
    if (name === wanted || name.endsWith("." + wanted)) score = 0;
    else if (at === 0) score = 1;
    else if (at > 0) score = /[^\p{L}\p{N}]/u.test(name[at - 1]) ? 2 : 3;
    else if (wanted.split(/[\s_.]+/).every(word => name.includes(word))) score = 4;
    if (score < 9) scored.push({ table, score });
  }
  scored.sort((a, b) => a.score - b.score || b.table.to.length - a.table.to.length || byName(a.table, b.table));
  return scored.map(entry => entry.table);
}

// Rules that the legend has switched off.
const switchedOff = new Set();
const visible = relation => !switchedOff.has(relation.kind);
