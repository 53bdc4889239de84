// The pixel editor: 16 x 16 pixels to draw on, to erase, to load and to save, by mouse, touch and keyboard.
//
// mount(element, model) puts it into an element. The model holds two arrays of bytes, "pixels" (768: red, green, blue,
// row by row) and "mask" (256: 1 where it was erased), and has the methods of an anywidget's model: get(name),
// set(name, value), save_changes(), on("change:name", f) and off. In a notebook that is the Python side (editor.py);
// on the site, where there is none, it is a `Model` of this file.

const SIZE = 16,
  COUNT = SIZE * SIZE,
  CELL = 40; // of the canvas; the page shows it smaller

// The colours that the sprites have most (editor.common_colours; a test compares), and what one would call them.
export const PALETTE = [
  "#ffffff", "#1c1624", "#8f5a31", "#643a22", "#e2474b", "#9a4cc4", "#efbe3c", "#e6cf98",
  "#47485c", "#6b2a94", "#9bcf3a", "#b8243a", "#bcc3d4", "#4681e0", "#f28a2e", "#2ba39b",
  "#4bb04f", "#33804a", "#3fbfd8", "#f598ad", "#c4861c", "#8e1a3c", "#16747a", "#2a52b8",
];
const NAMES = [
  "white", "black", "brown", "dark brown", "red", "purple", "yellow", "sand",
  "slate", "dark purple", "lime", "crimson", "silver", "blue", "orange", "teal",
  "green", "dark green", "sky blue", "pink", "bronze", "wine red", "dark teal", "dark blue",
];
const TOOLS = {
  pencil: ["pencil", "P", "draw in the chosen colour"],
  erase: ["erase", "E", "wipe what shall be filled in"],
  bucket: ["bucket", "B", "colour an area of one colour"],
  pick: ["pick", "I", "take a colour from the drawing"],
};
const KEYS =
  "Arrow keys move the cursor, space uses the tool, shift and an arrow key draw. P pencil, E erase, B bucket, I pick a " +
  "colour, M mirror, [ and ] other colours, Z undo, Y redo.";

// ------------------------------------------------------------------------------------------------------ the drawing

/** What the editor asks of a model, where there is no Python: the two arrays, and who wants to know of changes. */
export class Model {
  constructor(pixels = new Uint8Array(3 * COUNT).fill(255), mask = new Uint8Array(COUNT)) {
    this.values = { pixels, mask };
    this.told = [];
  }
  get(name) {
    return this.values[name];
  }
  set(name, value) {
    this.values[name] = value;
    this.changed = true;
  }
  save_changes() {
    if (!this.changed) return;
    this.changed = false;
    for (const [, f] of [...this.told]) f();
  }
  on(name, f) {
    this.told.push([name, f]);
  }
  off(name, f) {
    this.told = this.told.filter(([n, g]) => n !== name || g !== f);
  }
}

/** A copy of what a model holds: bytes, which come from Python as a DataView. */
function bytes(value) {
  return value instanceof DataView
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice()
    : Uint8Array.from(value);
}

const same = (a, b) => a.every((v, i) => v === b[i]);
const equal = (a, b) => same(a.pixels, b.pixels) && same(a.mask, b.mask);
const copy = ({ pixels, mask }) => ({ pixels: pixels.slice(), mask: mask.slice() });
const hex = (pixels, i) => "#" + [0, 1, 2].map((k) => pixels[3 * i + k].toString(16).padStart(2, "0")).join("");
const rgb = (colour) => [1, 3, 5].map((k) => parseInt(colour.slice(k, k + 2), 16));

/** What to call a colour: the name of the nearest of the palette, and its code unless it is that one. */
function nameOf(colour) {
  const [r, g, b] = rgb(colour);
  const far = PALETTE.map((other) => rgb(other).reduce((sum, v, k) => sum + (v - [r, g, b][k]) ** 2, 0));
  const nearest = far.indexOf(Math.min(...far));
  return far[nearest] ? `nearly ${NAMES[nearest]}, ${colour}` : NAMES[nearest];
}

/** The cells on the line from one to another, as [column, row]. */
function line([x, y], [x1, y1]) {
  const steps = Math.max(Math.abs(x1 - x), Math.abs(y1 - y), 1);
  return Array.from({ length: steps + 1 }, (_, k) => [
    Math.round(x + ((x1 - x) * k) / steps),
    Math.round(y + ((y1 - y) * k) / steps),
  ]);
}

/** The cells (numbers) that hang together with one and look like it. */
function area({ pixels, mask }, start) {
  const look = (i) => (mask[i] ? "erased" : hex(pixels, i)),
    wanted = look(start),
    found = new Set([start]);
  for (const i of found) {
    const x = i % SIZE;
    for (const [j, there] of [
      [i - 1, x > 0],
      [i + 1, x < SIZE - 1],
      [i - SIZE, i >= SIZE],
      [i + SIZE, i < COUNT - SIZE],
    ]) {
      if (there && look(j) === wanted) found.add(j);
    }
  }
  return found;
}

// ------------------------------------------------------------------------------------------------ pictures from files

/** RGBA pixels of any size as 16 x 16 RGB on white, as own_pictures.py does it: an edge of magenta is transparent; what
 *  is not square is padded; what is too large is averaged over areas; what is too small grows by a whole factor. */
export function fit(data, width, height) {
  const at = (x, y) => 4 * (y * width + x);
  const magenta = (i) => data[i] >= 247 && data[i + 1] <= 8 && data[i + 2] >= 247;
  const edge = [];
  for (let x = 0; x < width; x++) edge.push(at(x, 0), at(x, height - 1));
  for (let y = 0; y < height; y++) edge.push(at(0, y), at(width - 1, y));
  const clear = 2 * edge.filter(magenta).length > edge.length;

  const side = Math.max(width, height),
    left = Math.floor((width - side) / 2),
    top = Math.floor((height - side) / 2);
  const shade = (x, y, k) => {
    if (x + left < 0 || x + left >= width || y + top < 0 || y + top >= height) return 255;
    const i = at(x + left, y + top),
      alpha = clear && magenta(i) ? 0 : data[i + 3];
    return Math.round((data[i + k] * alpha + 255 * (255 - alpha)) / 255);
  };
  const out = new Uint8Array(3 * COUNT).fill(255);
  const factor = Math.floor(SIZE / side),
    around = factor ? Math.floor((SIZE - factor * side) / 2) : 0;
  const scale = side / SIZE; // of the pixels averaged: those whose middle lies in the area
  const first = (i) => (factor ? Math.floor((i - around) / factor) : Math.floor(i * scale - 0.5) + 1);
  const last = (i) => (factor ? first(i) : Math.floor((i + 1) * scale - 0.5));
  const grows = (i) => !factor || (i >= around && i < around + factor * side);
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      if (!grows(x) || !grows(y)) continue;
      for (let k = 0; k < 3; k++) {
        let sum = 0,
          n = 0;
        for (let v = first(y); v <= last(y); v++) {
          for (let u = first(x); u <= last(x); u++, n++) sum += shade(u, v, k);
        }
        out[3 * (y * SIZE + x) + k] = Math.round(sum / n);
      }
    }
  }
  return out;
}

/** A picture file as 16 x 16 RGB; rejects with a sentence if it is none. */
async function read(file) {
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch {
    throw new Error(`${file.name} is not a picture that this browser can read: PNG, JPEG, WebP, GIF and BMP are.`);
  }
  const scale = Math.min(1, 1024 / Math.max(picture.width, picture.height)); // of a photograph a quarter is enough
  const canvas = make("canvas", {
    width: Math.max(1, Math.round(picture.width * scale)),
    height: Math.max(1, Math.round(picture.height * scale)),
  });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return fit(data, canvas.width, canvas.height);
}

/** Give the drawing to the browser as a PNG file, each pixel as scale x scale. */
function save(pixels, scale) {
  const canvas = make("canvas", { width: SIZE * scale, height: SIZE * scale }),
    context = canvas.getContext("2d");
  for (let i = 0; i < COUNT; i++) {
    context.fillStyle = hex(pixels, i);
    context.fillRect((i % SIZE) * scale, Math.floor(i / SIZE) * scale, scale, scale);
  }
  canvas.toBlob((blob) => {
    const address = URL.createObjectURL(blob);
    make("a", { href: address, download: scale > 1 ? `sprite_${SIZE * scale}.png` : "sprite.png" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  });
}

// ------------------------------------------------------------------------------------------------------- the editor

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    name.includes("-") || name === "role" ? element.setAttribute(name, value) : (element[name] = value);
  }
  element.append(...children);
  return element;
}

let count = 0; // so that the radio buttons of two editors in one page are not of one group

/** Put an editor into the element; returns a function that ends it. */
export function mount(element, model) {
  let now = { pixels: bytes(model.get("pixels")), mask: bytes(model.get("mask")) };
  let colour = PALETTE[1],
    tool = "pencil",
    mirror = false,
    cursor = [7, 7],
    telling = false,
    stroke = null; // {before, last}, while a line is being drawn
  const past = [],
    future = [],
    own = ++count;

  const canvas = make("canvas", {
    width: SIZE * CELL, height: SIZE * CELL, tabIndex: 0, className: "pe-canvas", role: "application",
    "aria-label": "drawing of 16 by 16 pixels", "aria-describedby": `pe-keys-${own}`,
  });
  const context = canvas.getContext("2d");
  const said = make("p", { className: "pe-said", role: "status" });
  const say = (text) => {
    said.textContent = text;
  };
  const button = (text, title, onclick) => make("button", { type: "button", title, onclick }, text);
  const radio = (kind, value, checked, onchange) =>
    make("input", { type: "radio", name: `pe-${kind}-${own}`, value, checked, onchange });

  // tools
  const tools = {};
  for (const [name, [text, key, about]] of Object.entries(TOOLS)) {
    tools[name] = radio("tool", name, name === tool, () => use(name));
  }
  const undoButton = button("undo", "undo (Z)", () => step(past, future, "undone"));
  const redoButton = button("redo", "redo (Y)", () => step(future, past, "done again"));
  const mirrorButton = button("mirror", "draw both halves alike (M)", () => reflect());
  mirrorButton.setAttribute("aria-pressed", "false");
  const open = make("input", {
    type: "file", accept: "image/png,image/jpeg,image/webp,image/gif,image/bmp", hidden: true,
    "aria-label": "picture file", onchange: () => load(open.files[0]),
  });

  // colours
  const swatches = PALETTE.map((value, i) => {
    const input = radio("colour", value, value === colour, () => take(value));
    input.setAttribute("aria-label", NAMES[i]);
    input.style.setProperty("--colour", value);
    input.title = NAMES[i];
    return input;
  });
  const other = make("input", { type: "color", value: colour, oninput: () => take(other.value) });

  const root = make(
    "div",
    { className: "pixel-editor", role: "group", "aria-label": "pixel editor" },
    make(
      "div",
      { className: "pe-bar", role: "radiogroup", "aria-label": "tool" },
      ...Object.entries(TOOLS).map(([name, [text, key, about]]) =>
        make("label", { title: `${about} (${key})` }, tools[name], make("span", {}, text)),
      ),
    ),
    make(
      "div",
      { className: "pe-bar" },
      mirrorButton,
      undoButton,
      redoButton,
      button("clear", "all white", () => edit("all is white", blank)),
    ),
    make(
      "div",
      { className: "pe-body" },
      canvas,
      make(
        "div",
        { className: "pe-side" },
        make("div", { className: "pe-colours", role: "radiogroup", "aria-label": "colour" }, ...swatches),
        make("label", { className: "pe-other" }, other, "another colour"),
        make(
          "div",
          { className: "pe-bar" },
          button("open a picture", "PNG, JPEG, WebP, GIF or BMP of any size", () => open.click()),
          button("save 16 x 16", "a PNG file", () => save(now.pixels, 1)),
          button("save enlarged", "a PNG file of 256 x 256", () => save(now.pixels, 16)),
          open,
        ),
      ),
    ),
    said,
    make("details", {}, make("summary", {}, "keys"), make("p", { id: `pe-keys-${own}` }, KEYS)),
  );
  // else JupyterLab takes the keys (D D deletes the cell); it looks at the element itself before those around it
  for (const part of [root, ...root.querySelectorAll("canvas, button, input, summary")]) {
    part.setAttribute("data-lm-suppress-shortcuts", "true");
  }

  function draw() {
    const { pixels, mask } = now;
    for (let i = 0; i < COUNT; i++) {
      const x = (i % SIZE) * CELL,
        y = Math.floor(i / SIZE) * CELL;
      context.fillStyle = hex(pixels, i);
      context.fillRect(x, y, CELL, CELL);
      if (!mask[i]) continue;
      context.fillStyle = "#ffffff";
      context.fillRect(x, y, CELL, CELL);
      context.fillStyle = "#9a98a4";
      for (const [u, v] of [[0, 0], [1, 1]]) context.fillRect(x + (u * CELL) / 2, y + (v * CELL) / 2, CELL / 2, CELL / 2);
    }
    context.fillStyle = "rgb(128 128 128 / 40%)";
    for (let k = 1; k < SIZE; k++) {
      const thick = k === SIZE / 2 ? 3 : 1;
      context.fillRect(k * CELL - thick / 2, 0, thick, SIZE * CELL);
      context.fillRect(0, k * CELL - thick / 2, SIZE * CELL, thick);
    }
    if (document.activeElement === canvas && !stroke) {
      for (const [width, shade] of [[7, "#ffffff"], [3, "#000000"]]) {
        context.lineWidth = width;
        context.strokeStyle = shade;
        context.strokeRect(cursor[0] * CELL, cursor[1] * CELL, CELL, CELL);
      }
    }
    undoButton.disabled = !past.length;
    redoButton.disabled = !future.length;
  }

  /** Give the drawing to the model, which tells everybody of the one array before it has the other. */
  function tell() {
    telling = true;
    for (const name of ["pixels", "mask"]) model.set(name, new DataView(now[name].slice().buffer));
    telling = false;
    model.save_changes();
  }

  /** Keep what was before, to undo it, and tell of what is now; false if they are the same. */
  function keep(before) {
    if (equal(before, now)) return false;
    past.push(before);
    if (past.length > 200) past.shift();
    future.length = 0;
    tell();
    return true;
  }

  function edit(text, change) {
    const before = copy(now);
    change();
    keep(before);
    draw();
    say(text);
  }

  function blank() {
    now.pixels.fill(255);
    now.mask.fill(0);
  }

  function step(from, to, text) {
    if (!from.length || stroke) return;
    to.push(now);
    now = from.pop();
    tell();
    draw();
    say(text);
  }

  function reflect() {
    mirror = !mirror;
    mirrorButton.setAttribute("aria-pressed", String(mirror));
    say(mirror ? "both halves are drawn alike" : "each half is drawn by itself");
  }

  function use(name) {
    tool = name;
    tools[name].checked = true;
    say(`${TOOLS[name][0]}: ${TOOLS[name][2]}`);
  }

  function take(value) {
    colour = value;
    other.value = value;
    for (const swatch of swatches) swatch.checked = swatch.value === value;
    if (tool === "pick" || tool === "erase") use("pencil");
    say(nameOf(value));
  }

  /** Use the tool on a cell [column, row], within a stroke. */
  function apply([x, y]) {
    if (tool === "pick") return take(hex(now.pixels, y * SIZE + x));
    for (const column of mirror && x !== SIZE - 1 - x ? [x, SIZE - 1 - x] : [x]) {
      const i = y * SIZE + column;
      for (const j of tool === "bucket" ? area(now, i) : [i]) {
        now.mask[j] = tool === "erase" ? 1 : 0;
        if (tool !== "erase") now.pixels.set(rgb(colour), 3 * j);
      }
    }
  }

  /** In words, for who does not see it: where the cursor is, and what is there. */
  function where() {
    const i = cursor[1] * SIZE + cursor[0];
    return `row ${cursor[1] + 1}, column ${cursor[0] + 1}: ${now.mask[i] ? "erased" : nameOf(hex(now.pixels, i))}`;
  }

  async function load(file) {
    if (!file) return;
    open.value = ""; // so that the same file can be opened again
    try {
      const pixels = await read(file);
      edit(`${file.name} is open`, () => {
        now = { pixels, mask: new Uint8Array(COUNT) };
      });
    } catch (error) {
      say(error.message);
    }
  }

  // mouse, pen and finger
  const cell = (event) => {
    const box = canvas.getBoundingClientRect();
    const part = (v, start, length) => Math.min(Math.max(Math.floor(((v - start) / length) * SIZE), 0), SIZE - 1);
    return [part(event.clientX, box.left, box.width), part(event.clientY, box.top, box.height)];
  };
  canvas.onpointerdown = (event) => {
    if (event.button !== 0 || stroke) return;
    canvas.setPointerCapture(event.pointerId);
    canvas.focus({ preventScroll: true });
    event.preventDefault();
    cursor = cell(event);
    stroke = { before: copy(now), last: cursor, id: event.pointerId };
    apply(cursor);
    draw();
  };
  canvas.onpointermove = (event) => {
    if (stroke?.id !== event.pointerId || tool === "bucket" || tool === "pick") return;
    const here = cell(event);
    for (const point of line(stroke.last, here)) apply(point);
    stroke.last = cursor = here;
    draw();
  };
  canvas.onpointerup = canvas.onpointercancel = (event) => {
    if (stroke?.id !== event.pointerId) return;
    const { before } = stroke;
    stroke = null;
    if (keep(before)) say("");
    draw();
  };
  canvas.onfocus = canvas.onblur = draw;
  root.ondragover = (event) => event.preventDefault();
  root.ondrop = (event) => {
    event.preventDefault();
    load(event.dataTransfer.files[0]);
  };

  // keys
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const letters = {
    p: () => use("pencil"), e: () => use("erase"), b: () => use("bucket"), i: () => use("pick"), m: reflect,
    z: () => step(past, future, "undone"), y: () => step(future, past, "done again"),
    "[": () => take(PALETTE.at(PALETTE.indexOf(colour) - 1)),
    "]": () => take(PALETTE[(PALETTE.indexOf(colour) + 1) % PALETTE.length]),
  };
  canvas.onkeydown = (event) => {
    const { key, shiftKey, ctrlKey, metaKey, altKey } = event,
      letter = key.toLowerCase(),
      command = ctrlKey || metaKey;
    const use_here = () => {
      const before = copy(now);
      apply(cursor);
      keep(before);
    };
    if (altKey || (command && letter !== "z" && letter !== "y")) return;
    if (moves[key]) {
      if (shiftKey) use_here();
      cursor = cursor.map((v, k) => Math.min(Math.max(v + moves[key][k], 0), SIZE - 1));
      if (shiftKey && tool !== "pick" && tool !== "bucket") use_here();
      say(where());
    } else if (key === " " || key === "Enter") {
      use_here();
      say(where());
    } else if (command && letter === "z" && shiftKey) {
      letters.y();
    } else if (letters[letter]) {
      letters[letter]();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    draw();
  };

  // from Python, or from who else holds the model; undo goes back to what was there before
  function changed() {
    if (telling) return;
    const there = { pixels: bytes(model.get("pixels")), mask: bytes(model.get("mask")) };
    if (equal(there, now)) return;
    past.push(stroke?.before ?? copy(now));
    future.length = 0;
    stroke = null;
    now = there;
    draw();
  }
  for (const name of ["pixels", "mask"]) model.on(`change:${name}`, changed);

  element.append(root);
  draw();
  return () => {
    for (const name of ["pixels", "mask"]) model.off(`change:${name}`, changed);
    root.remove();
  };
}

export default { render: ({ model, el }) => mount(el, model) };
