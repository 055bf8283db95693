"use strict";

// Tables sort by their headers. Without scripts they are plain tables.

function valueOf(row, place) {
  const cell = row.cells[place];
  const said = cell.dataset.value ?? cell.textContent.trim();
  const number = said === "" ? NaN : Number(said);
  return { text: said, number, isNumber: !Number.isNaN(number) };
}

function sorted(rows, place, isRising) {
  const keyed = rows.map((row, order) => ({ row, order, ...valueOf(row, place) }));
  keyed.sort((one, other) => {
    // What is not known stands last, whichever way one sorts.
    const known = (each) => each.text !== "" && each.text !== "not known";
    if (known(one) !== known(other)) return known(one) ? -1 : 1;
    const by = one.isNumber && other.isNumber
      ? one.number - other.number
      : one.text.localeCompare(other.text, "en", { numeric: true });
    return (isRising ? by : -by) || one.order - other.order;
  });
  return keyed.map((each) => each.row);
}

function makeSortable(table) {
  const headers = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  for (const [place, header] of headers.entries()) {
    if (!header.textContent.trim()) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => {
      const isNumeric = header.classList.contains("number");
      const now = header.getAttribute("aria-sort");
      // Who sorts numbers looks for the largest first.
      const isRising = now ? now === "descending" : !isNumeric;
      for (const each of headers) each.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", isRising ? "ascending" : "descending");
      body.append(...sorted([...body.rows], place, isRising));
    });
  }
}

// Charts are drawn again once somebody comes near them, so that they can be pointed at.

async function draw(place) {
  const still = place.querySelector("svg");
  const live = document.createElement("div");
  live.hidden = true;
  place.append(live);
  try {
    const spec = JSON.parse(place.querySelector("script").textContent);
    await window.vegaEmbed(live, spec, {
      ast: true,
      renderer: "svg",
      actions: false,
      tooltip: { disableDefaultStyle: true },
    });
    // One picture with its words, and not a second one around it that says nothing.
    for (const each of [live, ...live.querySelectorAll("[role]")]) {
      for (const name of ["role", "aria-label", "aria-roledescription"]) each.removeAttribute(name);
    }
    const svg = live.querySelector("svg");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", still.getAttribute("aria-label"));
    live.hidden = false;
    still.remove();
  } catch (error) {
    live.remove();
    console.error(error);
  }
}

for (const table of document.querySelectorAll("table.sorts")) makeSortable(table);

const near = new IntersectionObserver((seen, observer) => {
  for (const each of seen) {
    if (!each.isIntersecting) continue;
    observer.unobserve(each.target);
    draw(each.target);
  }
}, { rootMargin: "300px" });
for (const place of document.querySelectorAll(".chart")) near.observe(place);
