// The search of the pages: sections in which all words are. What there is to find, find_data.js, is fetched when the field is first
// entered.
"use strict";

const find = { words: document.getElementById("find-words"), list: document.getElementById("find-list"),
  told: document.getElementById("find-told"), sections: null, chosen: -1 };

// What find_data.js calls: sections as [name, page, address, text].
function findable(sections) {
  find.sections = sections.map(([name, page, address, text]) =>
    ({ name, page, address, text, title: name.toLowerCase(), all: `${name} ${page} ${text}`.toLowerCase() }));
  findShow();
}

// How well a word fits: a whole name, the beginning of a part of it, any of it, then the text.
function findFit(section, word) {
  const bare = section.title.replace(/\(\)$/, "");
  if (bare === word) return 100;
  const at = bare.indexOf(word);
  if (at < 0) return section.all.includes(word) ? 2 : 0;
  return (at === 0 || /[^a-z0-9]/.test(bare[at - 1]) ? 40 : 20) - Math.min(bare.length / 10, 9);
}

function findAll(words) {
  const found = [];
  for (const section of find.sections) {
    const fits = words.map(word => findFit(section, word));
    if (!fits.includes(0)) found.push([fits.reduce((sum, fit) => sum + fit), section]);
  }
  return found.sort((a, b) => b[0] - a[0]).map(([, section]) => section);
}

// Some words of the text around the first that is found there.
function findExcerpt(section, words) {
  const lower = section.text.toLowerCase();
  const at = Math.max(0, ...words.map(word => lower.indexOf(word)).filter(place => place >= 0).slice(0, 1));
  const from = at < 40 ? 0 : lower.indexOf(" ", at - 40) + 1;
  return (from ? "… " : "") + section.text.slice(from, from + 110) + (section.text.length > from + 110 ? " …" : "");
}

function findItem(section, number, words) {
  const item = document.createElement("li"), link = document.createElement("a");
  item.id = `found-${number}`;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  link.href = section.address;
  link.tabIndex = -1;
  const page = section.page === section.name ? "" : section.page;
  for (const [tag, text] of [["b", section.name], ["i", page], ["small", findExcerpt(section, words)]]) {
    const part = document.createElement(tag);
    part.textContent = text;
    link.append(part, " ");
  }
  item.append(link);
  return item;
}

function findChoose(number) {
  const items = [...find.list.children];
  find.chosen = items.length ? (number + items.length) % items.length : -1;
  items.forEach((item, i) => item.setAttribute("aria-selected", String(i === find.chosen)));
  items[find.chosen]?.scrollIntoView({ block: "nearest" });
  if (find.chosen < 0) find.words.removeAttribute("aria-activedescendant");
  else find.words.setAttribute("aria-activedescendant", items[find.chosen].id);
}

function findShow() {
  const words = find.words.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = words.length && find.sections ? findAll(words) : [];
  find.list.replaceChildren(...found.slice(0, 40).map((section, i) => findItem(section, i, words)));
  find.list.hidden = !found.length;
  find.words.setAttribute("aria-expanded", String(found.length > 0));
  find.told.textContent = !words.length || !find.sections ? "" : found.length ? `${found.length} found` : "Nothing found";
  find.told.classList.toggle("shown", words.length > 0 && !found.length && find.sections !== null);
  findChoose(found.length ? 0 : -1);
}

function findClose() {
  find.words.value = "";
  findShow();
}

find.words.addEventListener("focus", () => {
  if (document.getElementById("find-data")) return;
  const data = document.createElement("script");
  data.id = "find-data";
  data.src = "find_data.js";
  document.head.append(data);
});
find.words.addEventListener("input", findShow);
find.words.addEventListener("keydown", event => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) findChoose(find.chosen + step);
  else if (event.key === "Enter" && find.chosen >= 0) {
    location.href = find.list.children[find.chosen].firstElementChild.href;
    findClose();
  } else if (event.key === "Escape") findClose();
  else return;
  event.preventDefault();
});
find.list.addEventListener("click", findClose);
document.addEventListener("click", event => { if (!event.target.closest("#find")) findClose(); });
document.addEventListener("keydown", event => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea")) return;
  event.preventDefault();
  find.words.focus();
});
