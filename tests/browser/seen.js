// What a person would see of a page, as plain values.

const shown = element =>
  element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
  element.getBoundingClientRect().width > 1 && element.getBoundingClientRect().height > 1;

const words = element => element.textContent.trim().replace(/\s+/g, " ").slice(0, 60);

const described = element => {
  const id = element.id ? `#${element.id}` : "";
  return `<${element.tagName.toLowerCase()}${id} class="${element.getAttribute("class") ?? ""}">`;
};

// Colours ---------------------------------------------------------------------------------------

const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
const known = new Map();

// Whatever a style calls a colour, as red, green, blue (0 to 255) and opacity (0 to 1).
function colour(text) {
  if (!known.has(text)) {
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = text;
    pixel.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = pixel.getImageData(0, 0, 1, 1).data;
    known.set(text, [red, green, blue, alpha / 255]);
  }
  return known.get(text);
}

const over = ([r, g, b, a], [red, green, blue]) =>
  [r * a + red * (1 - a), g * a + green * (1 - a), b * a + blue * (1 - a), 1];

// WCAG 2.2, relative luminance and contrast ratio.
function luminance([red, green, blue]) {
  const [r, g, b] = [red, green, blue].map(each => each / 255).map(
    each => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function ratio(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function opacity(element) {
  let all = 1;
  for (let each = element; each; each = each.parentElement) all *= getComputedStyle(each).opacity;
  return all;
}

const faded = ([r, g, b, a], by) => [r, g, b, a * by];

// What an element lays under what stands on it.
function paint(element) {
  const style = getComputedStyle(element);
  if (!(element instanceof SVGElement) || element.tagName === "svg") {
    if (style.backgroundImage !== "none") throw new Error(`a picture under ${described(element)}`);
    return faded(colour(style.backgroundColor), opacity(element));
  }
  if (element.tagName === "text" || style.fill === "none") return [0, 0, 0, 0];
  return faded(colour(style.fill), opacity(element) * style.fillOpacity);
}

// The colours below a point, from an element downwards, as one.
function ground(stack) {
  const layers = [];
  for (const each of stack) {
    layers.unshift(paint(each));
    if (layers[0][3] >= 0.999) break;
  }
  const isDark = getComputedStyle(document.documentElement).colorScheme.includes("dark") &&
    matchMedia("(prefers-color-scheme: dark)").matches;
  const canvas = isDark ? [18, 18, 18, 1] : [255, 255, 255, 1];
  return layers.reduce((below, above) => over(above, below), canvas);
}

// Marks lie under the pointer even where a chart says that they do not; what floats over a text and
// is gone when one scrolls is left out.
function touchable(floating) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { pointer-events: auto !important; } ${floating} { display: none !important; }`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

// The elements from this one downwards at the middle of a rectangle (of what of it is in sight, where
// it is wider than what scrolls it); none where it is covered, and nothing at all where no scrolling
// brings it to sight, as in a drawer that is shut.
function under(element, rectangle) {
  const above = [element, ...ancestors(element)], shelf = scroller(element, true);
  let box, stack, isInView;
  const look = () => {
    box = rectangle();
    const frame = shelf?.getBoundingClientRect();
    const isWide = frame && box.width > frame.width;
    const [left, right] = isWide
      ? [Math.max(box.left, frame.left), Math.min(box.right, frame.right)] : [box.left, box.right];
    const [x, y] = [(left + right) / 2, box.y + box.height / 2];
    isInView = x >= 0 && y >= 0 && x <= innerWidth && y <= innerHeight;
    stack = isInView ? document.elementsFromPoint(x, y) : [];
    const place = stack.indexOf(element);
    const isCovered = stack.slice(0, place).some(
      each => !element.contains(each) && paint(each)[3] > 0 && each.tagName !== "text");
    stack = stack.slice(place);
    return place >= 0 && !isCovered;
  };
  if (look()) return stack;
  if (box.right <= 0 && !above.some(each => each.scrollLeft > 0)) return undefined;
  element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
  if (look()) return stack;
  // What is wider than its frame was centred with its beginning out of sight.
  for (const each of above)
    if (each.scrollWidth > each.clientWidth)
      each.scrollLeft += rectangle().left - each.getBoundingClientRect().left - 9;
  return look() ? stack : isInView ? null : undefined;
}

// Texts that are hard to read, each with its contrast and the one it needs.
function faint(floating = "[data-none]") {
  touchable(floating);
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, element = node.parentElement;
    if (!node.data.trim() || element.closest("script, style, template") || !shown(element)) continue;
    if ([element, ...ancestors(element)].some(each => getComputedStyle(each).clipPath === "inset(50%)")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const stack = under(element, () => range.getClientRects()[0] ?? element.getBoundingClientRect());
    if (stack === undefined) continue;
    if (stack === null) {
      found.push({ text: words(element), where: described(element), ratio: 0, needed: "to be seen" });
      continue;
    }
    const style = getComputedStyle(element), isDrawn = element instanceof SVGElement;
    const scale = isDrawn ? element.getScreenCTM().a : 1;
    const size = parseFloat(style.fontSize) * scale, isBold = style.fontWeight >= 700;
    const below = ground(isDrawn ? stack.slice(1) : stack);
    const ink = faded(colour(isDrawn ? style.fill : style.color), opacity(element));
    const needed = size >= 24 || (isBold && size >= 18.66) ? 3 : 4.5;
    const reached = ratio(over(ink, below), below);
    if (reached < needed)
      found.push({ text: words(element), where: described(element), ratio: reached, needed });
  }
  return found;
}

// Charts ----------------------------------------------------------------------------------------

const charts = () => [...document.querySelectorAll("svg[role=img], figure svg, canvas, img")]
  .filter(each => !each.parentElement.closest("svg") && shown(each));

// For each chart how many marks of it have a size.
const drawn = () => charts().map(each => ({
  name: each.getAttribute("aria-label") ?? each.getAttribute("alt") ?? "",
  marks: each.tagName === "svg" ? marks(each).length : each.naturalWidth ?? each.width,
}));

// The shapes of a drawing that have a size; of a chart, those that are no part of its axes.
function marks(drawing) {
  const shapes = "path, line, rect, polyline, polygon, circle";
  const isChart = drawing.querySelector("[class*=role-mark]");
  return [...drawing.querySelectorAll(isChart ? `[class*=role-mark] :is(${shapes})` : shapes)].filter(mark => {
    const box = mark.getBoundingClientRect();
    return box.width > 0 || box.height > 0;
  });
}

// Marks of charts that are hard to tell from what is behind the chart. A mark that bears its own
// figure (the cells of a table of colours) need not be told apart.
function dim() {
  const found = [];
  for (const chart of charts().filter(each => each.tagName === "svg")) {
    const paper = ground(ancestors(chart)), texts = [...chart.querySelectorAll("text")].map(
      each => each.getBoundingClientRect());
    if (!chart.querySelector("[class*=role-mark]")) continue;
    for (const mark of marks(chart)) {
      const box = mark.getBoundingClientRect(), style = getComputedStyle(mark);
      if (texts.some(each => inside(each, box))) continue;
      const inks = [
        style.stroke === "none" ? null : faded(colour(style.stroke), opacity(mark) * style.strokeOpacity),
        style.fill === "none" ? null : faded(colour(style.fill), opacity(mark) * style.fillOpacity),
      ].filter(each => each && each[3] > 0);
      const isArea = mark.parentElement.getAttribute("class").includes("mark-area");
      const reached = Math.max(0, ...inks.map(each => ratio(over(each, paper), paper)));
      // An area is told by the line that bounds it.
      if (reached < 3 && inks.length && !isArea)
        found.push({ chart: chart.getAttribute("aria-label"), mark: mark.outerHTML.slice(0, 200), ratio: reached });
    }
  }
  return found;
}

const inside = (inner, outer) => inner.x + inner.width / 2 >= outer.left && inner.x + inner.width / 2 <= outer.right
  && inner.y + inner.height / 2 >= outer.top && inner.y + inner.height / 2 <= outer.bottom;

// What scrolls or cuts off an element sideways.
const scroller = (element, itself = false) => [...(itself ? [element] : []), ...ancestors(element)].find(
  each => ["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(each).overflowX));

function ancestors(element) {
  const found = [];
  for (let each = element.parentElement; each; each = each.parentElement) found.push(each);
  return found;
}

// Layout and structure --------------------------------------------------------------------------

// By how many pixels the page is wider than what shows it, and what sticks out.
function sideways() {
  const root = document.documentElement, most = root.clientWidth;
  const out = [...document.body.querySelectorAll("*")].filter(
    each => !scroller(each) && shown(each) && each.getBoundingClientRect().right > most + 1);
  return { by: root.scrollWidth - most, what: out.map(described).slice(0, 5) };
}

// Regions that scroll and that no key can reach.
const stuck = () => [...document.querySelectorAll("*")].filter(each =>
  each !== document.documentElement && each !== document.body && shown(each) &&
  ["auto", "scroll"].includes(getComputedStyle(each).overflowX) &&
  each.scrollWidth > each.clientWidth + 1 && each.tabIndex < 0 &&
  !each.querySelector("a[href], button, [tabindex='0']")).map(described);

// Links within the page that lead nowhere.
const astray = () => [...document.querySelectorAll('a[href^="#"]')]
  .map(each => decodeURIComponent(each.getAttribute("href").slice(1)))
  .filter(each => each && !document.getElementById(each));

const headings = () => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
  .filter(shown).map(each => Number(each.tagName[1]));

const twice = () => {
  const ids = [...document.querySelectorAll("[id]")].map(each => each.id);
  return ids.filter((each, place) => ids.indexOf(each) !== place);
};

// Text as it is read, without what scripts add.
const reading = () => document.body.innerText.replace(/\s+/g, " ").trim();

// What has the focus: its place among all elements, and whether one can see where it is.
function focused() {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element), box = element.getBoundingClientRect();
  return {
    what: `${described(element)} ${words(element)}`,
    place: [...document.querySelectorAll("*")].indexOf(element),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1,
    contrast: ratio(over(colour(style.outlineColor), ground(ancestors(element))), ground(ancestors(element))),
    onScreen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}

// What can be reached by the tab key, in the order of the document.
const reachable = () => [...document.querySelectorAll("*")].filter(each =>
  each.tabIndex >= 0 && shown(each) && !each.disabled && !["HTML", "BODY"].includes(each.tagName)
  && (!(each instanceof SVGElement) || each.hasAttribute("tabindex"))).map(described);

// What paper would cut off: regions that hold more than they show.
const cut = () => [...document.querySelectorAll("*")].filter(each =>
  each !== document.documentElement && each !== document.body && shown(each) && !(each instanceof SVGElement) &&
  getComputedStyle(each).overflowX !== "visible" && each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 1,
).map(described);

// The elements and attributes that the page is made of.
const vocabulary = () => [...new Set([...document.querySelectorAll("*")].flatMap(each =>
  [each.tagName, ...[...each.attributes].map(one => `${each.tagName} ${one.name}`)]))];

// Move over, focus and click everything, as somebody curious would.
function touched() {
  for (const each of document.querySelectorAll("*"))
    for (const name of ["mouseover", "mousemove", "focus", "click"])
      each.dispatchEvent(new MouseEvent(name, { bubbles: true, cancelable: true }));
}
