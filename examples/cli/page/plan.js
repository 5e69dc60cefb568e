// The plan: its verdict, its warnings and its steps.

const ACTIONS = { delete: ["delete", "delete"], update: ["set", "rewrite"], check: ["block", "check"] };
const STEP_WARNINGS = {
  "no index": "no index: each batch scans the table",
  "triggers": "triggers of the table fire",
  "cycle": "rows refer to each other in a circle",
  "not null": "NULL would be put where none may be: rows that it meets block",
  "rewrites key": "columns are rewritten that others refer to, or that must be unique",
};
const ABOUT = { "exact": "", "at least": "≥ ", "estimated": "≈ " };
const NAMED = 12;
const rowsOf = step => ABOUT[step.accuracy] + number(step.rows);
const vaguest = steps => Object.keys(ABOUT).findLast(about => steps.some(step => step.accuracy === about));

const stepsAt = new Map();
if (plan) for (const step of plan.steps) stepsAt.set(step.table_id, [...stepsAt.get(step.table_id) || [], step]);
const hasRows = id => id === data.start || (stepsAt.get(id) || []).some(step => step.rows);

function rowsInWords(table) {
  const words = { delete: "deleted", update: "rewritten", check: "in the way" };
  return Object.entries(words).map(([kind, word]) => {
    const steps = (stepsAt.get(table.id) || []).filter(step => step.rows && step.step === kind);
    const all = { rows: steps.reduce((sum, step) => sum + step.rows, 0), accuracy: vaguest(steps) };
    return steps.length ? `${rowsOf(all)} ${word}` : "";
  }).filter(Boolean).join(", ");
}

function kindInPlan(table) {
  const kinds = (stepsAt.get(table.id) || []).filter(step => step.rows).map(step => step.step);
  return ["check", "delete", "update"].filter(kind => kinds.includes(kind)).map(kind => `p-${kind}`)[0] || "p-none";
}

const relationOf = step => relations.get(step.relation_id);

function stepRow(step, place, most) {
  const [kind, word] = ACTIONS[step.step], relation = relationOf(step);
  const part = step.rows ? Math.max(0.02, Math.log1p(step.rows) / Math.log1p(most)) : 0;
  const found = step.relation ? `${step.relation} · ${step.rule}`
    : step.table_id === data.start ? "selected" : "by several relations";
  const row = html("tr", { class: step.rows ? "" : "none" },
    html("td", { class: "count" }, String(place)),
    html("td", {}, badge(kind, word)),
    html("td", {}, linkTo(tables.get(step.table_id)), html("small", {}, html("bdi", {}, found)),
      html("details", {}, html("summary", {}, "SQL"), html("pre", {}, html("code", {}, step.sql)),
        step.way ? html("small", {}, step.way) : null, step.index ? html("small", {}, `index ${step.index}`) : null)),
    html("td", { class: "rows" }, html("span", { class: `bar ${kind}`, style: `--part: ${part}` }, rowsOf(step))),
    html("td", {}, ...step.warnings.map(warning => html("span", { class: "note", title: STEP_WARNINGS[warning] }, warning))));
  return relation ? lights(row, relation, tables.get(data.start)) : lightsTable(row, step.table_id);
}

function lightsTable(made, id) {
  for (const [event, what] of [["mouseenter", [id]], ["mouseleave", []], ["focusin", [id]], ["focusout", []]])
    made.addEventListener(event, () => light([], what));
  return made;
}

function stepTable(steps, caption) {
  const most = Math.max(1, ...plan.steps.map(step => step.rows)), body = html("tbody");
  body.append(...steps.map(step => stepRow(step, plan.steps.indexOf(step) + 1, most)));
  return html("table", { class: "steps" }, html("caption", {}, caption),
    headings("#", "Step", "Table, by which relation", "Rows (log.)", "Note"), body);
}

function planWarnings() {
  const found = [];
  for (const [warning, text] of Object.entries(STEP_WARNINGS)) {
    const steps = plan.steps.filter(step => step.warnings.includes(warning));
    const touched = [...new Set(steps.map(step => step.table))];
    if (!steps.length || (warning === "cycle" && plan.cycles.length)) continue;
    found.push(html("li", {}, html("b", {}, `${text[0].toUpperCase()}${text.slice(1)}: `),
      html("bdi", {}, touched.slice(0, NAMED).join(", ")),
      touched.length > NAMED ? ` and ${number(touched.length - NAMED)} more` : ""));
  }
  for (const circle of plan.cycles) found.push(html("li", {}, html("b", {}, "Cycle: "), html("bdi", {}, circle),
    plan.checked_at_commit ? "; foreign keys are checked at COMMIT" : ""));
  for (const [note, some] of tableNotes()) found.push(html("li", {}, html("b", {}, html("bdi", {}, some.join(", "))), `: ${note}`));
  return found;
}

function tableNotes() {
  const notes = new Map();
  for (const table of listed)
    if (hasRows(table.id)) for (const note of table.notes) notes.set(note, [...notes.get(note) || [], table.label]);
  return notes;
}

function verdict() {
  const about = ABOUT[plan.accuracy], start = tables.get(data.start);
  const sum = `${about}${counted(plan.deleted, "row")} deleted, ${number(plan.updated)} rewritten`;
  const text = plan.blocked ? `Blocked: ${about}${counted(plan.blocking, "row")} in the way, so a purge would refuse.`
    : "Nothing stands in the way.";
  return html("p", { class: `banner ${plan.blocked ? "bad" : "good"}` }, html("b", {}, text), " ",
    `Delete ${counted(plan.roots, "row")} of `, html("bdi", {}, start.label),
    ` with what depends on ${plan.roots === 1 ? "it" : "them"}: ${sum}.`);
}

function planPanel(choose) {
  const warnings = planWarnings(), met = closure(tables.get(data.start));
  const busy = plan.steps.filter(step => step.rows), idle = plan.steps.filter(step => !step.rows);
  const stops = busy.filter(step => step.step === "check").map(relationOf).filter(relation => relation && wayTo(relation, met));
  return [
    html("h2", { id: "details-title" }, "Plan"),
    stops.length ? html("h3", {}, "In the way") : null,
    stops.length ? blockerList(stops, met, tables.get(data.start), choose) : null,
    warnings.length ? html("h3", {}, "Warnings") : null,
    warnings.length ? html("ul", { class: "banner warn" }, ...warnings) : null,
    html("h3", {}, "Steps of each batch"),
    busy.length ? stepTable(busy, `${counted(busy.length, "step")} with rows, in their order`)
      : html("p", {}, "No step finds a row."),
    idle.length ? folded(`${counted(idle.length, "step")} without rows now`, false, () => stepTable(idle, "Without rows")) : null,
    html("p", { class: "facts" }, "Fingerprint ", html("code", {}, plan.fingerprint), ": ",
      html("code", {}, `cascade purge --plan ${plan.fingerprint}`), " refuses to do anything else."),
  ];
}
