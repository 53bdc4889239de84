// The live widgets, each in the place of the lesson's own, with the same controls and words; what they draw is what the
// lesson draws, sprite by sprite, because noise and samplers are the same. live.js calls begin() for each.
import { ask } from "./network.js";
import { Controls, Film, Sentence, Sheet, choice, download, field, make, range, still } from "./parts.js";
import { slerp } from "./sampler.js";
import { Model, mount } from "./pixel_editor.js";
import { Generator } from "./random.js";
import { Words } from "./words.js";

const CLASSES = ["hero", "non-hero", "food", "spell", "side-facing"];
const facts = fetch(new URL("manifest.json", import.meta.url)).then((answer) => answer.json());

/** Contexts (n, 5): for each image a class number, or a row of five, or null for all zeros. */
function rows(wishes) {
  const out = new Float32Array(5 * wishes.length);
  wishes.forEach((wish, i) => {
    if (typeof wish === "number") out[5 * i + wish] = 1;
    else if (wish) out.set(wish, 5 * i);
  });
  return out;
}
const each = (n, wish) => rows(Array.from({ length: n }, (_, i) => (typeof wish === "function" ? wish(i) : wish)));
const rootMeanSquare = (a, b) => Math.sqrt(a.reduce((sum, v, i) => sum + (v - b[i]) ** 2, 0) / a.length);
const image = (x, i) => x.subarray(768 * i, 768 * (i + 1));
const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;

const EXAMPLES = [
  "a wizard in a purple robe",
  "a smiling green slime",
  "a doughnut with pink icing",
  "a knight with a red cape",
  "a blue flame",
];
const vocabulary = facts.then(({ networks: { prompts } }) => new Words(prompts.words, prompts.n_cfeat));

/** The tokens of a text, n times. What cannot be read is an error that knows its field. */
async function tokens(name, text, n) {
  const words = await vocabulary,
    out = new Float32Array(n * words.length);
  try {
    const row = words.encode(text);
    for (let i = 0; i < n; i++) out.set(row, i * row.length);
  } catch (error) {
    throw Object.assign(error, { field: name });
  }
  return out;
}

/** How many of each class the judge sees, as the lesson says it. */
function counted(classes) {
  const names = classes.map((k) => CLASSES[k]),
    different = [...new Set(names)].sort();
  return different.map((name) => `${names.filter((v) => v === name).length} ${name}`).join(", ");
}

// ------------------------------------------------------------------------------------------------------ the widgets
// Each returns {named, parts, draw}: its controls, what stands below them, and an async function of their values which
// returns the sentence, or null if it was stopped. walk(request, onstep) asks the worker. Some have a check, which raises
// an error, with the name of a field, for values that cannot be drawn: then what is there stays. `above` stands above the
// controls; the buttons in `again` draw once more.

/** Lesson 5: classes, guidance, negative, seed and steps; the judge says what it sees. */
function studio(walk) {
  const sheet = new Sheet(6, { heads: true, widest: 128 });
  const film = new Film((frame) => sheet.draw(frame.x, frame.names));
  const save = make(
    "button",
    { type: "button", onclick: () => download(sheet.tiles, "sprites") },
    "save the sprites",
  );
  const amount = (value) => range(value, 0, 1, 0.1);
  return {
    networks: ["unet", "classifier"],
    named: {
      hero: amount(0),
      non_hero: amount(0),
      food: amount(1),
      spell: amount(0),
      side_facing: amount(0),
      w: range(2, 0, 8, 0.5),
      negative: choice("nothing", ["nothing", ...CLASSES]),
      seed: range(1, 0, 99),
      steps: range(5, 1, 30),
    },
    parts: [sheet.element, film.element, save],
    async draw({ w, negative, seed, steps, ...request }) {
      film.clear();
      const x = await walk(
        {
          network: "unet",
          n: 6,
          seed,
          w,
          c: each(6, Object.values(request)),
          negative: negative === "nothing" ? null : each(6, CLASSES.indexOf(negative)),
          settings: { steps, order: 2, clip: true },
        },
        (step) => film.add({ x: step.x, label: `t = ${step.s}` }),
      );
      if (!x) return null;
      const classes = await ask("classify", { x, n: 6 });
      film.frames.at(-1).names = classes.map((k) => CLASSES[k]);
      film.turn(film.frames.length - 1);
      sheet.describe(`Six sprites; the judge sees ${counted(classes)}`);
      return `The judge sees ${counted(classes)}`;
    },
  };
}

/** Lesson 2: nine sprites in 20 steps, the noise found, and how much of the noise is put back. */
function player(walk) {
  const titles = ["x_t", "predicted noise, eps", "predicted x_0"];
  const sheets = titles.map((title) => new Sheet(9, { columns: 3, title, widest: 80 }));
  const chart = new NoiseChart();
  const film = new Film((frame) => {
    sheets.forEach((sheet, i) => sheet.draw(frame.images[i]));
    chart.mark(frame.t, frame.std);
  });
  return {
    networks: ["unet"],
    named: {
      seed: range(0, 0, 50),
      strength: range(1, 0, 1.5, 0.1),
      schedule: choice("cosine", ["cosine", "linear"]),
    },
    parts: [
      make("div", { className: "sheets" }, ...sheets.map((sheet) => sheet.element)),
      film.element,
      chart.element,
    ],
    async draw({ seed, strength, schedule }) {
      const { noise_found: honest, diversity } = await facts;
      chart.dots(honest.times, honest.stds);
      film.clear();
      let guess;
      const x = await walk(
        {
          network: schedule === "cosine" ? "unet" : "context_model_31",
          n: 9,
          seed,
          laterSeed: seed + 10,
          settings: { steps: 20, eta: 1, extraNoise: strength },
        },
        ({ t, before, eps, x0 }) => {
          const mean = eps.reduce((sum, v) => sum + v, 0) / eps.length;
          const std = Math.sqrt(eps.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (eps.length - 1));
          film.add({ images: [before, eps, x0], t, std, label: `t = ${t}, std of eps ${std.toFixed(2)}` });
          guess = x0;
        },
      );
      if (!x) return null;
      sheets.forEach((sheet, i) => sheet.describe(`Nine sprites: ${titles[i]}`));
      let apart = 0;
      for (let i = 0; i < 9; i++)
        for (let j = 0; j < i; j++) apart += rootMeanSquare(image(guess, i), image(guess, j)) / 36;
      const share = (apart / diversity).toFixed(2);
      return `Diversity of the nine results: ${share} (real sprites: 1). The last predicted x_0 is the result.`;
    },
  };
}

/** The noise that the network finds at each time: dots for real sprites, a mark for this run. */
class NoiseChart {
  constructor() {
    this.element = make("div", { className: "noise-chart" });
    this.x = (t) => 46 + (1 - t / 500) * 540;
    this.y = (std) => 126 - (Math.min(Math.max(std, 0), 2) / 2) * 110;
  }

  dots(times, stds) {
    const { x, y } = this,
      line = [0, 0.5, 1, 1.5, 2].map(
        (v) => `<path d="M46 ${y(v)}H586"/><text x="38" y="${y(v) + 4}" text-anchor="end">${v}</text>`,
      );
    const ticks = [500, 400, 300, 200, 100, 0].map(
      (t) => `<text x="${x(t)}" y="144" text-anchor="middle">${t}</text>`,
    );
    const dots = times.map((t, i) => `<circle cx="${x(t)}" cy="${y(stds[i])}" r="4"/>`);
    this.element.innerHTML = `<svg viewBox="0 0 600 168" role="img" aria-label="The noise found at each time">
      ${line.join("")}${ticks.join("")}
      <text x="316" y="163" text-anchor="middle">time t (the sampler walks from left to right)</text>
      ${dots.join("")}<rect width="11" height="11" visibility="hidden"/></svg>
      <p>Noise found (std): <span class="dot"></span> in real sprites with honest noise,
      <span class="square"></span> in this run</p>`;
    this.square = this.element.querySelector("rect");
  }

  mark(t, std) {
    this.square.setAttribute("transform", `translate(${this.x(t) - 5.5} ${this.y(std) - 5.5})`);
    this.square.setAttribute("visibility", "visible");
  }
}

/** Lesson 6: the same noise in few calls, below where the exact curves end. */
function attempt(walk) {
  const reference = new Sheet(10, { title: "100 calls, eta = 0" }),
    mine = new Sheet(10, { title: "this run" });
  const film = new Film((frame) => mine.draw(frame.x));
  return {
    networks: ["unet"],
    named: { calls: range(10, 2, 30), eta: range(0, 0, 1, 0.1), ahead: choice("False", ["False", "True"]) },
    parts: [reference.element, mine.element, film.element],
    async draw({ calls, eta, ahead }) {
      const bytes = Uint8Array.from(atob((await facts).hundred_calls), (byte) => byte.charCodeAt(0));
      const exact = Float32Array.from(bytes, (v) => v / 127.5 - 1);
      reference.draw(exact);
      reference.describe("Ten sprites from 100 calls");
      film.clear();
      const x = await walk(
        {
          network: "unet",
          n: 10,
          of: 50,
          seed: 1,
          laterSeed: 0,
          c: each(10, (i) => i % 5),
          settings: { steps: calls, eta, order: ahead === "True" ? 2 : 1 },
        },
        (step) => film.add({ x: step.x, label: `t = ${step.s}` }),
      );
      if (!x) return null;
      const apart = Array.from({ length: 10 }, (_, i) => rootMeanSquare(image(x, i), image(exact, i))).reduce(
        (a, v) => a + v / 10,
        0,
      );
      const how = `${calls} calls, eta = ${eta}${ahead === "True" ? ", looking ahead" : ""}`;
      mine.describe(`From the same noise: ${how}`);
      mine.element.querySelector(".title").textContent = how;
      return `Away from the top row by ${apart.toFixed(2)}`;
    },
  };
}

/** Lesson 6, below the scores of the four samplers: from the same noise, all with the same number of calls. */
function race(walk) {
  const samplers = {
    DDPM: { eta: 1 },
    DDIM: {},
    "2M": { order: 2 },
    "2M with noise": { eta: 1, order: 2 },
  };
  const names = Object.keys(samplers),
    sheets = names.map((title) => new Sheet(10, { title }));
  const film = new Film((frame) => sheets.forEach((sheet, i) => sheet.draw(frame.images[i])));
  return {
    networks: ["unet", "classifier"],
    title: "Let the four samplers race",
    named: { calls: range(10, 2, 30), seed: range(1, 0, 99) },
    parts: [...sheets.map((sheet) => sheet.element), film.element],
    async draw({ calls, seed }) {
      const c = each(10, (i) => i % 5),
        runs = [],
        asked = [];
      film.clear();
      for (const [k, name] of names.entries()) {
        const steps = [],
          request = { network: "unet", n: 10, seed, laterSeed: seed + 10, c };
        const x = await walk({ ...request, settings: { steps: calls, ...samplers[name] } }, (step) => {
          steps.push(step.x);
          sheets[k].draw(step.x);
        });
        if (!x) return null;
        const seen = await ask("classify", { x, n: 10 });
        runs.push(steps);
        asked.push(seen.filter((v, i) => v === i % 5).length);
        sheets[k].describe(`Ten sprites by ${name} with ${calls} calls`);
      }
      // the film shows them side by side, after one call, after two, ...
      for (let n = 0; n < calls; n++) {
        film.add({ images: runs.map((steps) => steps[n]), label: `after ${plural(n + 1, "call")}` });
      }
      return `Recognised as asked, of 10: ${names.map((name, k) => `${name} ${asked[k]}`).join(", ")}`;
    },
  };
}

/** Lesson 11: 20 sprites by the network of few steps, or by the samplers of the lesson. */
function compete(walk) {
  const sheet = new Sheet(20, { columns: 10 });
  const how = { DDIM: {}, "2M": { order: 2 }, DDPM: { eta: 1 } };
  return {
    networks: ["few_steps", "classifier"],
    named: {
      method: choice("few_steps.pth", ["few_steps.pth", ...Object.keys(how)]),
      calls: range(1, 1, 30),
      seed: range(1, 0, 50),
      kind: choice("all", ["all", ...CLASSES]),
    },
    parts: [sheet.element],
    async draw({ method, calls, seed, kind }) {
      const wishes = Array.from({ length: 20 }, (_, i) => (kind === "all" ? i % 5 : CLASSES.indexOf(kind)));
      const few = method === "few_steps.pth",
        common = { n: 20, seed, c: rows(wishes) };
      await ask("load", { names: [few ? "few_steps" : "unet"] }); // so that the time is that of drawing
      const begin = performance.now();
      const x = await walk(
        few
          ? { ...common, network: "few_steps", walk: "jumps", laterSeed: seed + 1, settings: { steps: calls } }
          : { ...common, network: "unet", settings: { steps: calls, clip: true, ...how[method] } },
        (step) => sheet.draw(step.x),
      );
      if (!x) return null;
      const took = performance.now() - begin,
        classes = await ask("classify", { x, n: 20 });
      sheet.draw(x);
      sheet.describe(`20 sprites by ${method} with ${plural(calls, "network call")}`);
      const asked = classes.filter((k, i) => k === wishes[i]).length;
      return `${took.toFixed(0)} ms for 20 sprites, ${asked} of 20 recognised as asked`;
    },
  };
}

/** Lesson 5, below the picture of the mixtures: from one sprite to another, the noise and the request in nine steps. */
function between(walk) {
  const sheet = new Sheet(9, { heads: true, widest: 80 }),
    shares = Array.from({ length: 9 }, (_, i) => i / 8);
  return {
    networks: ["unet"],
    title: "Walk between two sprites",
    named: {
      from: choice("hero", CLASSES),
      from_seed: range(7, 0, 99),
      to: choice("food", CLASSES),
      to_seed: range(7, 0, 99),
      w: range(1, 0, 8, 0.5),
    },
    parts: [sheet.element],
    async draw({ from, from_seed: first, to, to_seed: second, w }) {
      const [a, b] = [first, second].map((seed) => new Generator(seed).normal(768)),
        x = new Float32Array(9 * 768);
      shares.forEach((share, i) => x.set(slerp(a, b, share), 768 * i));
      const c = rows(
        shares.map((share) => CLASSES.map((name) => (name === from) * (1 - share) + (name === to) * share)),
      );
      const texts = shares.map((share) => `${Math.round(100 * share)} %`);
      const drawn = await walk(
        { network: "unet", n: 9, x, c, w, settings: { steps: 10, order: 2, clip: true } },
        (step) => sheet.draw(step.x, texts),
      );
      if (!drawn) return null;
      sheet.draw(drawn, texts);
      sheet.describe(`Nine sprites on the way from ${from} to ${to}`);
      return first === second
        ? `From ${from} to ${to}: the noise is the same everywhere, only the request changes.`
        : `From ${from} to ${to}: the noise turns from the first into the second while the request changes.`;
    },
  };
}

/** Lesson 13: eight sprites of what is typed. */
function typed(walk) {
  const sheet = new Sheet(8, { columns: 4, widest: 112 }),
    film = new Film((frame) => sheet.draw(frame.x));
  const save = make("button", { type: "button", onclick: () => download(sheet.tiles, "sprites") }, "save the sprites");
  const wishes = async ({ prompt, negative }) => ({
    c: await tokens("prompt", prompt, 8),
    negative: negative.trim() ? await tokens("negative", negative, 8) : null,
  });
  return {
    networks: ["prompts"],
    named: {
      prompt: field("a king in a purple robe", { examples: EXAMPLES }),
      negative: field("", { placeholder: "nothing" }),
      w: range(2, 0, 8, 0.5),
      seed: range(1, 0, 99),
      steps: range(6, 1, 20),
    },
    parts: [sheet.element, film.element, save],
    check: wishes,
    async draw({ w, seed, steps, ...texts }) {
      const wish = await wishes(texts);
      film.clear();
      const x = await walk(
        { network: "prompts", n: 8, seed, w, ...wish, settings: { steps, order: 2, eta: 1, clip: true } },
        (step) => film.add({ x: step.x, label: `t = ${step.s}` }),
      );
      if (!x) return null;
      sheet.describe(`Eight sprites: ${texts.prompt}`);
      return `read as: ${(await vocabulary).decode(wish.c.subarray(0, wish.c.length / 8))}`;
    },
  };
}

/** Lesson 14: a drawing of one's own becomes eight sprites, or its erased part is filled in. */
function editing(walk) {
  const model = new Model(),
    place = make("div", {});
  const begun = facts.then(({ scribble }) => {
    model.set("pixels", Uint8Array.from(atob(scribble), (byte) => byte.charCodeAt(0)));
    mount(place, model);
  });
  const sheet = new Sheet(8, { columns: 4, widest: 88 }),
    film = new Film((frame) => sheet.draw(frame.x));
  const scribble = make("button", { type: "button", className: "primary" }, "scribble to sprite"),
    fill = make("button", { type: "button" }, "fill the erased part");
  let what = "draw",
    results = null;
  scribble.addEventListener("click", () => (what = "draw")); // before the click draws
  fill.addEventListener("click", () => (what = "fill"));
  const save = make("button", { type: "button", onclick: () => download(sheet.tiles, "sprites") }, "save the sprites");
  const take = Array.from({ length: 8 }, (_, i) =>
    make("button", { type: "button", "aria-label": `edit result ${i + 1}`, onclick: () => put(i) }, `${i + 1}`),
  );
  const bytes = (name) => {
    const value = model.get(name);
    return value instanceof DataView ? new Uint8Array(value.buffer) : value;
  };

  /** Result i into the editor, whose undo goes back. */
  function put(i) {
    if (!results) return;
    const pixels = new Uint8Array(768);
    for (let j = 0; j < 768; j++) {
      const v = results[768 * i + (j % 3) * 256 + Math.floor(j / 3)];
      pixels[j] = Math.min(Math.max(Math.round(127.5 * (v + 1)), 0), 255);
    }
    model.set("pixels", pixels);
    model.set("mask", new Uint8Array(256));
    model.save_changes();
  }

  /** The drawing as n images. */
  function drawing(n) {
    const pixels = bytes("pixels");
    return Float32Array.from({ length: 768 * n }, (_, j) => pixels[3 * (j % 256) + (Math.floor(j / 256) % 3)] / 127.5 - 1);
  }

  return {
    networks: ["prompts"],
    above: [place],
    named: {
      prompt: field("a wizard in a purple robe", { examples: EXAMPLES }),
      strength: range(0.7, 0.05, 1, 0.05),
      seed: range(0, 0, 99),
    },
    parts: [
      make("div", { className: "buttons" }, scribble, fill),
      sheet.element,
      film.element,
      make("div", { className: "buttons take", role: "group", "aria-label": "put into the editor" }, "edit", ...take),
      save,
    ],
    again: [scribble, fill],
    check: ({ prompt }) => tokens("prompt", prompt, 8),
    async draw({ prompt, strength, seed }) {
      await begun;
      const mask = Float32Array.from(bytes("mask"));
      if (what === "fill" && !mask.includes(1)) {
        return "Nothing is erased: first wipe with the eraser over what shall be filled.";
      }
      const request = { network: "prompts", n: 8, seed, w: 2, c: await tokens("prompt", prompt, 8), x: drawing(8) };
      film.clear();
      const x = await walk(
        what === "draw"
          ? { ...request, strength, laterSeed: seed, settings: { steps: 20, order: 2, eta: 1, clip: true } }
          : { ...request, walk: "repaint", settings: { mask, steps: 20, again: 2 } },
        (step) => film.add({ x: step.x, label: `t = ${step.s}` }),
      );
      if (!x) return null;
      results = x;
      sheet.draw(x);
      sheet.describe(`Eight sprites made of the drawing: ${prompt}`);
      const read = (await vocabulary).decode(request.c.subarray(0, request.c.length / 8));
      return what === "draw" ? `Your drawing, read as: ${read}` : `Its erased part, filled with: ${read}`;
    },
  };
}

/** The first page: one sprite, out of noise, of what is typed, at a click. */
function one(walk) {
  const sheet = new Sheet(1, { widest: 256 }),
    shelf = make("div", { className: "shelf", role: "group", "aria-label": "the sprites drawn so far" });
  const film = new Film((frame) => sheet.draw(frame.x), 12);
  const save = make("button", { type: "button", onclick: () => download(sheet.tiles, "sprite", 24) }, "save it");
  const again = make("button", { type: "button", className: "primary" }, "draw me one");
  const wish = async ({ prompt }) => (prompt.trim() ? tokens("prompt", prompt, 1) : null);
  let before = false;
  return {
    networks: ["prompts"],
    named: { prompt: field(EXAMPLES[0], { examples: EXAMPLES, placeholder: "anything" }) },
    parts: [make("div", { className: "buttons" }, again, save), sheet.element, film.element, shelf],
    again: [again],
    check: wish,
    async draw({ prompt }) {
      const c = await wish({ prompt });
      if (before) shelf.prepend(copied(sheet.tiles[0]));
      while (shelf.children.length > 12) shelf.lastChild.remove();
      const [seed] = crypto.getRandomValues(new Uint16Array(1));
      film.clear();
      before = false;
      const x = await walk(
        { network: "prompts", n: 1, seed, w: 2, c, settings: { steps: 15, order: 2, clip: true, eta: 1 } },
        (step) => film.add({ x: step.x, label: `t = ${step.s}` }),
      );
      if (!x) return null;
      before = true;
      const read = c ? `Read as: ${(await vocabulary).decode(c)}.` : "Nothing was asked for, so it may be anything.";
      sheet.describe(`A sprite, drawn from noise. ${read}`);
      return `${read} Drawn from the noise of seed ${seed} in 15 steps.`;
    },
  };
}

function copied(tile) {
  const copy = make("canvas", { width: 16, height: 16 });
  copy.getContext("2d", { willReadFrequently: true }).drawImage(tile, 0, 0);
  return copy;
}

const WIDGETS = { studio, player, attempt, race, compete, between, typed, editing, one };

// ------------------------------------------------------------------------------------------------------------- begin

/** Load what the widget in `root` needs, put it in the place of its picture, and draw once. */
export async function begin(root) {
  let walking = null;
  const walk = (request, onstep) => {
    // where the reader wants less motion, only what is done is shown; the film can be played
    const steps = [],
      show = still() ? (step) => steps.push(step) : onstep;
    walking = ask("walk", request, { onstep: show, onprogress: loading });
    return walking.then((x) => {
      if (x) steps.forEach(onstep);
      return x;
    });
  };
  const { networks, named, parts, draw, check, above = [], again = [], title } = WIDGETS[root.dataset.widget](walk);
  const sentence = new Sentence();
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  function loading({ done, total }) {
    sentence.say(
      `The network is on its way: ${megabytes(done)} of ${megabytes(total)} MB. Other pages need not load it again.`,
    );
  }
  root.prepend(sentence.element);
  if (navigator.connection?.saveData) await consent(root, sentence);
  sentence.say("The network is on its way.");
  try {
    await ask("load", { names: networks }, { onprogress: loading });
  } catch (error) {
    sentence.element.remove();
    throw error;
  }
  let waiting = false,
    drawing = false;
  async function sound() {
    try {
      await check?.(controls.values());
      controls.complain();
      return true;
    } catch (error) {
      controls.complain(error.field, error.message);
      return false;
    }
  }
  async function refresh() {
    if (!(await sound())) return;
    waiting = true;
    walking?.stop();
    if (drawing) return;
    drawing = true;
    root.setAttribute("aria-busy", "true");
    while (waiting) {
      // only the newest setting counts
      waiting = false;
      try {
        const text = await draw(controls.values());
        if (text !== null) sentence.say(text);
      } catch (error) {
        sentence.say(`This could not be drawn, because ${error.message}.`, true);
      }
    }
    drawing = false;
    root.setAttribute("aria-busy", "false");
    root.dataset.drawn = 1 + Number(root.dataset.drawn ?? 0);
  }
  const controls = new Controls(named, refresh);
  for (const button of again) button.onclick = refresh;
  const panel = make(
    "div",
    { className: "panel" },
    ...(title ? [make("strong", {}, title)] : []),
    ...above,
    controls.element,
    sentence.element,
    ...parts,
  );
  sentence.say("");
  root.append(panel);
  root.classList.add("is-live"); // the style sheet hides the picture
  await refresh();
}

/** Who saves data is asked first. */
function consent(root, sentence) {
  sentence.say("Your browser saves data, so the network (17 MB) waits for you.");
  const button = make("button", { type: "button" }, "load it");
  sentence.element.append(" ", button);
  return new Promise((go) => {
    button.onclick = go;
  });
}
