// What the widgets are made of: sheets of sprites, films with play and scrubber, controls, and the sentence above.

/** An element with properties and children; dashes (aria-label) become attributes. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    name.includes("-") || name === "role" ? element.setAttribute(name, value) : (element[name] = value);
  }
  element.append(...children);
  return element;
}

export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** The i-th image of x, colours (3, 16, 16) in [-1, 1], on a canvas of 16 x 16. */
export function paint(canvas, x, i = 0) {
  const size = canvas.width,
    plane = size * size;
  const context = canvas.getContext("2d", { willReadFrequently: true }); // too small for the graphics card
  const pixels = context.createImageData(size, size);
  for (let p = 0; p < plane; p++) {
    for (let k = 0; k < 3; k++) pixels.data[4 * p + k] = Math.round(127.5 * (x[(3 * i + k) * plane + p] + 1));
    pixels.data[4 * p + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
}

/** A grid of n sprites that share one description. draw(x, texts) shows images, and above each its text, if any. */
export class Sheet {
  constructor(n, { columns = n, title = "", heads = false, widest = 64 } = {}) {
    this.tiles = Array.from({ length: n }, () => make("canvas", { width: 16, height: 16 }));
    this.heads = heads ? this.tiles.map(() => make("span", { className: "head" })) : [];
    const cells = this.tiles.map((tile, i) => make("div", {}, ...(heads ? [this.heads[i]] : []), tile));
    this.grid = make(
      "div",
      { className: columns > 6 ? "tiles many" : "tiles", role: "img", "aria-label": title || "sprites" },
      ...cells,
    );
    this.grid.style.cssText = `--columns: ${columns}; --widest: ${widest}px`;
    this.element = make(
      "div",
      { className: "sheet" },
      ...(title ? [make("div", { className: "title" }, title)] : []),
      this.grid,
    );
  }

  draw(x, texts = []) {
    this.tiles.forEach((tile, i) => paint(tile, x, i));
    this.heads.forEach((head, i) => {
      head.textContent = texts[i] ?? "";
    });
  }

  describe(text) {
    this.grid.setAttribute("aria-label", text);
  }
}

/** Play, scrubber and label for frames that come one after the other; show(frame) draws one. */
export class Film {
  constructor(show, fps = 6) {
    Object.assign(this, { show, fps, frames: [], timer: null });
    this.button = make(
      "button",
      { type: "button", onclick: () => (this.timer ? this.pause() : this.play()) },
      "play",
    );
    this.slider = make("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": "frame" });
    this.slider.oninput = () => {
      this.pause();
      this.turn(this.slider.valueAsNumber);
    };
    this.label = make("output", {});
    this.element = make("div", { className: "film-bar" }, this.button, this.slider, this.label);
  }

  clear() {
    this.pause();
    this.frames = [];
  }

  /** One more frame, seen at once: what is drawn emerges step by step. */
  add(frame) {
    this.frames.push(frame);
    this.slider.max = this.frames.length - 1;
    this.turn(this.frames.length - 1);
  }

  turn(i) {
    this.slider.value = i;
    this.label.textContent = this.frames[i].label;
    this.slider.setAttribute("aria-valuetext", this.frames[i].label);
    this.show(this.frames[i]);
  }

  play() {
    this.button.textContent = "pause";
    if (this.slider.valueAsNumber === this.frames.length - 1) this.turn(0);
    this.timer = setInterval(() => {
      if (this.slider.valueAsNumber + 1 < this.frames.length) return this.turn(this.slider.valueAsNumber + 1);
      this.pause();
    }, 1000 / this.fps);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.button.textContent = "play";
  }
}

export const range = (value, min, max, step = 1) => ({ value, min, max, step });
export const choice = (value, options) => ({ value, options });
export const field = (value, { examples = [], placeholder = "" } = {}) => ({ value, examples, placeholder });

let fields = 0; // of this page, for their names

/** Controls with a name each; change() is called when one is let go. values() gives what they say. */
export class Controls {
  constructor(named, change) {
    this.inputs = {};
    this.complaints = {}; // below each field for text
    this.element = make("div", { className: "controls" });
    for (const [name, about] of Object.entries(named)) {
      if (about.examples) {
        this.element.append(this.field(name, about, change));
        continue;
      }
      const input = about.options
        ? make("select", {})
        : make("input", { type: "range", min: about.min, max: about.max, step: about.step });
      for (const text of about.options ?? []) input.append(make("option", { value: text }, text));
      input.value = about.value;
      input.setAttribute("aria-label", name); // else its number would be part of its name
      const readout = make("output", {}, about.options ? "" : input.value);
      input.oninput = () => {
        readout.textContent = about.options ? "" : input.value;
      };
      input.onchange = change;
      this.element.append(make("label", {}, make("span", {}, name), input, readout));
      this.inputs[name] = input;
    }
  }

  /** A field for text, what is wrong with the text, and examples to click. */
  field(name, { value, examples, placeholder }, change) {
    const complaint = make("p", { className: "complaint", id: `complaint-${++fields}`, role: "status" });
    const input = make("input", {
      type: "text",
      value,
      placeholder,
      maxLength: 400,
      spellcheck: false, // its words are those of the network
      autocapitalize: "none",
      enterKeyHint: "go",
      "aria-label": name,
      "aria-describedby": complaint.id,
      onchange: change,
    });
    const ask = (text) => {
      input.value = text;
      change();
    };
    const buttons = examples.map((text) => make("button", { type: "button", onclick: () => ask(text) }, text));
    this.inputs[name] = input;
    this.complaints[name] = complaint;
    return make(
      "div",
      { className: "field" },
      make("label", {}, make("span", {}, name), input),
      complaint,
      ...(buttons.length
        ? [make("div", { className: "examples", role: "group", "aria-label": "examples" }, ...buttons)]
        : []),
    );
  }

  /** Say below a field what is wrong with its text; without arguments, that nothing is. */
  complain(wrong = "", text = "") {
    for (const [name, complaint] of Object.entries(this.complaints)) {
      complaint.textContent = name === wrong ? text : "";
      this.inputs[name].setAttribute("aria-invalid", String(name === wrong));
    }
  }

  values() {
    const entries = Object.entries(this.inputs).map(([name, input]) => [
      name,
      input.type === "range" ? input.valueAsNumber : input.value,
    ]);
    return Object.fromEntries(entries);
  }
}

/** A sentence that is read aloud when it changes; say(text, true) if something is wrong. */
export class Sentence {
  constructor() {
    this.element = make("p", { className: "sentence", role: "status" });
  }
  say(text, wrong = false) {
    this.element.textContent = text;
    this.element.classList.toggle("wrong", wrong);
  }
}

/** Sprites side by side as a PNG file, each pixel enlarged. */
export function download(tiles, name, scale = 12) {
  const canvas = make("canvas", { width: tiles.length * 16 * scale, height: 16 * scale }),
    context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  tiles.forEach((tile, i) => context.drawImage(tile, i * 16 * scale, 0, 16 * scale, 16 * scale));
  canvas.toBlob((blob) => {
    const address = URL.createObjectURL(blob);
    make("a", { href: address, download: `${name}.png` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  });
}
