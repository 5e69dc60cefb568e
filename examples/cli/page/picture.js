// The picture: boxes and lines, placed by Graphviz or in columns, and what is lit in it.

const SVG = "http://www.w3.org/2000/svg";
const BOX = 44, GAP = 10, BETWEEN = 110, COLUMN = 24, TEXT = 13, SMALL = 11, BOW = 72, ROOM = 48, READABLE = 0.62;

function element(name, attributes = {}, ...children) {
  return dress(document.createElementNS(SVG, name), attributes, children);
}

function html(name, attributes = {}, ...children) {
  return dress(document.createElement(name), attributes, children);
}

function dress(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter(child => child !== null && child !== undefined && child !== false));
  return made;
}

const measure = document.createElement("canvas").getContext("2d");
function textWidth(text, size, bold) {
  measure.font = `${bold ? 600 : 400} ${size}px system-ui, sans-serif`;
  return measure.measureText(text).width;
}

/** A text cut in its middle, where names differ least. */
function shortened(text, room, size, bold) {
  if (text.length < 400 && textWidth(text, size, bold) <= room) return text;
  const letters = [...text];
  let low = 2, high = Math.min(letters.length, 120);
  const cut = count => letters.slice(0, Math.ceil(count / 2)).join("") + "…" +
    letters.slice(letters.length - Math.floor(count / 2)).join("");
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (textWidth(cut(middle), size, bold) <= room) low = middle;
    else high = middle - 1;
  }
  return cut(low);
}

const widthOf = table => Math.min(240, Math.max(90, textWidth(table.label.slice(0, 60), TEXT, true) + 24,
  textWidth(underName(table), SMALL) + 20));

/** What stands under a table's name: the rows of the plan, or those that the database reckons with. */
function underName(table) {
  if (plan) return rowsInWords(table) || "no rows now";
  if (table.kind === "missing") return "not in the database";
  if (table.kind !== "table") return table.kind;
  return table.rows >= 0 ? `≈ ${counted(table.rows, "row")}` : counted(table.to.length, "reference");
}

// ---- places

/** Where Graphviz has put everything; y grows downwards here. */
function arranged() {
  const [, , width, height] = data.layout.bb.split(",").map(Number);
  const boxes = new Map(), lines = [];
  for (const place of data.layout.tables) {
    const [x, y] = place.pos.split(",").map(Number), w = place.width * 72;
    boxes.set(Number(place.id), { x: x - w / 2, y: height - y - BOX / 2, w });
  }
  for (const place of data.layout.relations) {
    const relation = relations.get(Number(place.id));
    if (!visible(relation)) continue;
    let end = "";
    const points = [];
    for (const part of place.pos.split(" ")) {
      const [x, y] = part.replace("e,", "").split(",").map(Number), at = `${x.toFixed(1)} ${(height - y).toFixed(1)}`;
      if (part.startsWith("e,")) end = ` L${at}`;
      else points.push(at);
    }
    lines.push({ relation, d: `M${points[0]} C${points.slice(1).join(" ")}${end}` });
  }
  return { boxes, lines, width, height };
}

/** Boxes in columns; a column of many is cut behind those that must be seen, and opened by the box that says so. */
function inColumns(columns, opened, root, first = new Set()) {
  const byColumn = new Map();
  for (const [id, column] of columns) byColumn.set(column, [...byColumn.get(column) || [], tables.get(id)]);
  const order = [...byColumn.keys()].sort((a, b) => a - b), boxes = new Map(), more = [];
  const rank = table => {
    if (first.has(table.id)) return -1;
    const met = [...table.to, ...table.from].filter(relation => relation.table === root.id || relation.ref === root.id);
    return Math.min(9, ...met.map(relation => ORDER.indexOf(relation.kind)));
  };
  let x = 8, height = 0;
  for (const column of order) {
    let members = byColumn.get(column).sort((a, b) => rank(a) - rank(b) || byName(a, b));
    const hidden = opened.has(column) ? 0 : Math.max(0, members.length - COLUMN);
    if (hidden) members = members.slice(0, COLUMN);
    byColumn.set(column, members);
    const w = Math.max(...members.map(widthOf), hidden ? 130 : 0);
    members.forEach((table, i) => boxes.set(table.id, { x, y: i * (BOX + GAP), w, column }));
    if (hidden) more.push({ x, y: members.length * (BOX + GAP), w, column, hidden });
    height = Math.max(height, (members.length + (hidden ? 1 : 0)) * (BOX + GAP));
    x += w + BETWEEN;
  }
  settle(byColumn, order, boxes);
  for (const column of order) {
    const last = more.find(box => box.column === column), members = byColumn.get(column);
    const shift = (height - (members.length + (last ? 1 : 0)) * (BOX + GAP)) / 2 + ROOM;
    for (const table of members) boxes.get(table.id).y += shift;
    if (last) last.y += shift;
  }
  const lines = [], twins = new Map();
  for (const id of boxes.keys())
    for (const relation of tables.get(id).from)
      if (boxes.has(relation.ref) && visible(relation))
        lines.push({ relation, d: curve(relation, boxes, twins, height / 2 + ROOM) });
  return { boxes, lines, more, width: x - BETWEEN + 60, height: height + 2 * ROOM };
}

/** Orders each column by where its neighbours are, twice in each direction, so that few lines cross. */
function settle(byColumn, order, boxes) {
  for (const columns of [order, [...order].reverse(), order]) {
    for (const column of columns) {
      const members = byColumn.get(column), middle = new Map();
      members.forEach((table, i) => {
        const near = [...table.to.map(relation => relation.table), ...table.from.map(relation => relation.ref)]
          .map(id => boxes.get(id)).filter(box => box && box.column !== column);
        const size = byColumn.get(near[0] ? near[0].column : column).length;
        middle.set(table, near.length ? near.reduce((sum, box) => sum + box.y, 0) / near.length / Math.max(1, size - 1) : i);
      });
      if (members.length > 1 && byColumn.size > 2) members.sort((a, b) => middle.get(a) - middle.get(b));
      members.forEach((table, i) => { boxes.get(table.id).y = i * (BOX + GAP); });
    }
  }
}

/** A line from the referencing box to the referenced one; several between the same two lie beside each other. One that
    passes a column bows away from the middle, where the boxes are. */
function curve(relation, boxes, twins, middle) {
  const from = boxes.get(relation.table), to = boxes.get(relation.ref);
  const pair = `${relation.table} ${relation.ref}`, twin = twins.get(pair) || 0;
  twins.set(pair, twin + 1);
  const shift = (twin % 2 ? -1 : 1) * Math.ceil(twin / 2) * 7, right = from.x + from.w, fromY = from.y + BOX / 2 + shift;
  const toY = to.y + BOX / 2 + shift;
  if (from === to) {
    const out = right + 34 + twin * 10, top = from.y + 12, bottom = from.y + BOX - 12;
    return `M${right} ${top} C${out} ${top - 16} ${out} ${bottom + 16} ${right + 3} ${bottom}`;
  }
  if (from.column === to.column) {
    const out = right + 28 + Math.min(50, Math.abs(fromY - toY) / 8);
    return `M${right} ${fromY} C${out} ${fromY} ${out} ${toY} ${to.x + to.w + 3} ${toY}`;
  }
  const forth = from.column < to.column, x1 = forth ? right : from.x, x2 = forth ? to.x - 3 : to.x + to.w + 3;
  const bend = (x2 - x1) / 2, bow = Math.abs(from.column - to.column) < 2 ? 0 : (fromY + toY) / 2 > middle ? BOW : -BOW;
  return `M${x1} ${fromY} C${x1 + bend} ${fromY + bow} ${x2 - bend} ${toY + bow} ${x2} ${toY}`;
}

// ---- drawing

const shown = { svg: null, boxes: new Map(), lines: new Map(), width: 1, height: 1, scale: 1 };

function drawBox(table, box, root) {
  const bold = table === root, room = box.w - 18, notes = plan ? kindInPlan(table) : "";
  const title = `${table.label}, ${underName(table)}`;
  const link = element("a", { href: address(table), class: `box ${table.kind} ${bold ? "chosen" : ""} ${notes}`,
    "data-table": table.id, transform: `translate(${box.x.toFixed(1)} ${box.y.toFixed(1)})`,
    "aria-label": title, "aria-current": bold ? "true" : null },
    element("title", {}, title),
    element("rect", { width: box.w.toFixed(1), height: BOX, rx: 6 }),
    element("text", { x: 9, y: 18, class: "name" }, shortened(table.label, room, TEXT, bold)),
    element("text", { x: 9, y: 34, class: "under" }, shortened(underName(table), room, SMALL)));
  shown.boxes.set(table.id, link);
  return link;
}

function drawLine({ relation, d }) {
  const dashed = relation.notes.includes("no index") ? "dashed" : "";
  const group = element("g", { class: `line ${relation.kind} ${dashed}`, "data-relation": relation.id },
    element("title", {}, `${relation.label}: ${relation.meaning} (${relation.rule})`),
    element("path", { d, class: "hit" }), element("path", { d, class: "ink", "marker-end": `url(#end-${relation.kind})` }));
  shown.lines.set(relation.id, group);
  return group;
}

/** The ends of lines differ in shape, for those who do not see the colours: what blocks ends in a bar. */
function markers() {
  const open = "M1 1 L7 4 L1 7";
  const shapes = { block: "M5 0 h3 v8 h-3 z", delete: "M0 0 L8 4 L0 8 z", detach: "M0 4 L4 0 L8 4 L4 8 z",
    set: open, ignore: open };
  return element("defs", {}, ...Object.entries(shapes).map(([kind, d]) => element("marker",
    { id: `end-${kind}`, class: `end ${kind}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerUnits: "userSpaceOnUse",
      markerWidth: 10, markerHeight: 10, orient: "auto" },
    element("path", { d }))));
}

function draw(scene, root, open) {
  shown.boxes.clear();
  shown.lines.clear();
  const label = `${counted(scene.boxes.size, "table")}, ${counted(scene.lines.length, "relation")}`;
  const svg = element("svg", { role: "group", "aria-label": label },
    markers(),
    element("g", {}, ...scene.lines.map(drawLine)),
    element("g", {}, ...[...scene.boxes].map(([id, box]) => drawBox(tables.get(id), box, root))),
    element("g", {}, ...(scene.more || []).map(box => element("a",
      { class: "box more", href: location.hash || "#", role: "button", transform: `translate(${box.x} ${box.y})`,
        onclick: event => { event.preventDefault(); open(box.column); } },
      element("rect", { width: box.w, height: BOX, rx: 6 }),
      element("text", { x: 9, y: 27, class: "name" }, `${number(box.hidden)} more`)))));
  Object.assign(shown, { svg, width: scene.width + 12, height: scene.height + 12 });
  svg.setAttribute("viewBox", `-6 -6 ${shown.width} ${shown.height}`);
  const canvas = document.getElementById("canvas");
  canvas.replaceChildren(svg);
  fit();
  const chosen = root && scene.boxes.get(root.id);
  if (chosen) {
    canvas.scrollTop = (chosen.y + BOX / 2) * shown.scale - canvas.clientHeight / 2;
    canvas.scrollLeft = (chosen.x + chosen.w / 2) * shown.scale - canvas.clientWidth / 2;
  }
}

function resize(scale) {
  shown.scale = Math.min(3, Math.max(0.1, scale));
  shown.svg.setAttribute("width", shown.width * shown.scale);
  shown.svg.setAttribute("height", shown.height * shown.scale);
}

/** Whole where that can be read, else as wide as the place, to be scrolled. */
function fit(whole = false) {
  const canvas = document.getElementById("canvas");
  const [wide, high] = [canvas.clientWidth / shown.width, canvas.clientHeight / shown.height].map(part => part * 0.97);
  resize(!whole && Math.min(wide, high) < READABLE ? Math.min(1, Math.max(READABLE, wide)) : Math.min(1.15, wide, high));
}

document.getElementById("zoom").addEventListener("click", event => {
  if (!shown.svg || !event.target.dataset.zoom) return;
  const way = event.target.dataset.zoom;
  if (way === "fit") fit(true);
  else resize(shown.scale * (way === "in" ? 1.25 : 0.8));
});

// ---- light

/** Lights relations with the tables at their ends, and dims the rest. */
function light(lit, also = []) {
  if (!shown.svg) return;
  const ends = new Set(also);
  for (const relation of lit) ends.add(relation.table).add(relation.ref);
  const numbers = new Set(lit.map(relation => relation.id));
  shown.svg.classList.toggle("dim", ends.size > 0);
  for (const [id, line] of shown.lines) line.classList.toggle("lit", numbers.has(id));
  for (const [id, box] of shown.boxes) box.classList.toggle("lit", ends.has(id));
}

/** What to light for a relation: for one that blocks, the whole way from where the delete begins. */
function lightRelation(relation, root) {
  const way = root && relation.kind === "block" ? wayTo(relation, closure(root)) : null;
  light(way || [relation]);
}
