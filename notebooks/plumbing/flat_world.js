// The flat world: a dozen points in the plane, the exact denoiser, and what diffusion does with them.
// Each <div class="flat-world" data-settings="..."> on the page becomes live; the picture inside it stays where no
// script may run. Python's side is explore.py, which hands over every setting. Nothing global is left behind: for
// tests, the parts of a live figure hang on its element as `flatWorld`.
(() => {
  // ------------------------------------------------------------------------------------------------ the mathematics
  // The same formulas as in diffusion_utilities, for points [x, y] instead of images.

  function alphaBar(schedule, T) {
    const f = (t) => Math.cos(((t / T + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
    const scale = schedule === "rescaled" ? 1000 / T : 1;
    const beta = (t) => schedule === "cosine" ? 1 - f(t) / f(t - 1)
      : scale * (T > 1 ? 1e-4 + ((0.02 - 1e-4) * (t - 1)) / (T - 1) : 0.02);
    const ab = [1];
    for (let t = 1; t <= T; t++) ab.push(ab[t - 1] * (1 - Math.min(beta(t), 0.999)));
    return ab;
  }

  const samplingTimes = (T, n) => Array.from({ length: n + 1 }, (_, i) => roundEven((T * (n - i)) / n));
  const roundEven = (v) => (v % 1 === 0.5 ? 2 * Math.round(v / 2) : Math.round(v)); // as Python rounds
  const mix = (a, x, b, y) => [a * x[0] + b * y[0], a * x[1] + b * y[1]];
  const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

  // The k-th of a fixed row of standard normal points: the same in every browser and in explore.py.
  function uniform(seed, k) {
    const a = (Math.imul(seed, 0x9e3779b1) + Math.imul(k + 1, 0x6d2b79f5)) | 0;
    let h = Math.imul(a ^ (a >>> 15), a | 1);
    h ^= h + Math.imul(h ^ (h >>> 7), h | 61);
    return ((h ^ (h >>> 14)) >>> 0) / 2 ** 32;
  }
  function normal(seed, k) {
    const r = Math.sqrt(-2 * Math.log(1 - uniform(seed, 2 * k))), angle = 2 * Math.PI * uniform(seed, 2 * k + 1);
    return [r * Math.cos(angle), r * Math.sin(angle)];
  }

  class World {
    constructor({ points, labels, schedule, T }) {
      Object.assign(this, { points, labels, T, scratch: [] });
      this.take(schedule);
    }
    take(schedule) {
      if (schedule !== this.schedule) this.ab = alphaBar(schedule, this.T);
      this.schedule = schedule;
    }
    signal(t) { return Math.sqrt(this.ab[t]); }
    sigma(t) { return Math.sqrt(1 - this.ab[t]); }

    // How much each point counts as the clean one behind x = x_t; c: only the points of that class.
    weights(x, t, c = null, w = []) {
      const variance = Math.max(1 - this.ab[t], 1e-8);
      return softmax(this.points, x, this.signal(t), variance, c === null ? null : this.labels, c, w);
    }
    posteriorMean(x, t, c = null) { return average(this.points, this.weights(x, t, c, this.scratch)); }
    expectedError(w, guess) { return w.reduce((sum, wi, i) => sum + wi * distance(this.points[i], guess) ** 2, 0); }
    guidedMean(x, t, c, w) {
      return mix(1 - w, this.posteriorMean(x, t), w, this.posteriorMean(x, t, c));
    }
    noiseIn(x, t, x0) { return mix(1 / this.sigma(t), x, -this.signal(t) / this.sigma(t), x0); }

    // From time t to time s; eta = 1 puts noise back, z is that noise, `extra` multiplies it.
    step(x, t, s, x0, eta = 0, z = null, extra = 1) {
      const { ab } = this;
      const sigma = eta && eta * Math.sqrt(((1 - ab[s]) / (1 - ab[t])) * (1 - ab[t] / ab[s]));
      const next = mix(this.signal(s), x0, Math.sqrt(Math.max(1 - ab[s] - sigma ** 2, 0)), this.noiseIn(x, t, x0));
      return z && s > 0 ? mix(1, next, sigma * extra, z) : next;
    }
    ddpmStep(x, t, s, z, extra = 1) { return this.step(x, t, s, this.posteriorMean(x, t), 1, z, extra); }
    ddimStep(x, t, s) { return this.step(x, t, s, this.posteriorMean(x, t)); }
    guidedStep(x, t, s, c, w) { return this.step(x, t, s, this.guidedMean(x, t, c, w)); }
    invertStep(x, t, s) { return this.ddimStep(x, Math.max(t, 1), s); }
    // DPM-Solver++(2M): `last` is the {x0, h} that the step before has returned, or null.
    twoMStep(x, t, s, last = null) {
      const { ab } = this, x0 = this.posteriorMean(x, t);
      const h = s > 0 ? 0.5 * (Math.log(ab[s] / ab[t]) - Math.log((1 - ab[s]) / (1 - ab[t]))) : Infinity;
      const r = last && s > 0 ? h / last.h / 2 : 0;
      const d = mix(1 + r, x0, -r, last ? last.x0 : x0);
      return { x: mix(Math.sqrt((1 - ab[s]) / (1 - ab[t])), x, this.signal(s) * (1 - Math.exp(-h)), d), x0, h };
    }

    // Whole walks from x at times[0] to times[n]: lists of n + 1 points.
    walk(x, times, step) {
      const path = [x];
      for (let i = 0; i + 1 < times.length; i++) path.push((x = step(x, times[i], times[i + 1], i)));
      return path;
    }
    ddim(x, times) { return this.walk(x, times, (y, t, s) => this.ddimStep(y, t, s)); }
    twoM(x, times) {
      let last = null;
      return this.walk(x, times, (y, t, s) => (last = this.twoMStep(y, t, s, last)).x);
    }
    nearest(x) {
      let index = 0;
      this.points.forEach((p, i) => { if (distance(p, x) < distance(this.points[index], x)) index = i; });
      return { index, distance: distance(this.points[index], x) };
    }
  }

  function softmax(points, x, signal, variance, labels = null, c = null, w = []) {
    let top = -Infinity, sum = 0;
    for (let i = 0; i < points.length; i++) {
      const dx = x[0] - signal * points[i][0], dy = x[1] - signal * points[i][1];
      w[i] = labels && labels[i] !== c ? -Infinity : -(dx * dx + dy * dy) / (2 * variance);
      if (w[i] > top) top = w[i];
    }
    for (let i = 0; i < w.length; i++) sum += w[i] = Math.exp(w[i] - top);
    for (let i = 0; i < w.length; i++) w[i] /= sum;
    return w;
  }
  function average(points, w) {
    let a = 0, b = 0;
    for (let i = 0; i < w.length; i++) { a += w[i] * points[i][0]; b += w[i] * points[i][1]; }
    return [a, b];
  }

  // ---------------------------------------------------------------------------------------------------- the drawing

  const THEMES = {
    light: { paper: "#fbfaf7", ink: "#2a2a30", quiet: "#8b8a86", grid: "#ebe8e1", classes: ["#0072b2", "#d55e00"],
      accent: "#00795a", other: "#aa4a85", shade: [0, 121, 90] },
    dark: { paper: "#1d1f24", ink: "#eceae4", quiet: "#8f9096", grid: "#2e3138", classes: ["#56b4e9", "#f08a3c"],
      accent: "#2fd0a2", other: "#e59ac6", shade: [47, 208, 162] },
  };

  class Drawing {
    constructor(canvas, half) {
      Object.assign(this, { canvas, half, g: canvas.getContext("2d"), size: 480 });
    }
    fit(size) {
      const ratio = Math.max(window.devicePixelRatio || 1, 1), pixels = Math.round(size * ratio);
      this.size = size;
      if (this.canvas.width !== pixels) this.canvas.width = this.canvas.height = pixels;
      this.g.setTransform(pixels / size, 0, 0, pixels / size, 0, 0);
    }
    get scale() { return this.size / (2 * this.half); }
    at([x, y]) { return [this.size / 2 + x * this.scale, this.size / 2 - y * this.scale]; }
    point(px, py) { return [(px - this.size / 2) / this.scale, (this.size / 2 - py) / this.scale]; }
    begin(theme) {
      const { g, size } = this;
      this.theme = theme;
      g.globalAlpha = 1;
      g.fillStyle = theme.paper;
      g.fillRect(0, 0, size, size);
      for (let k = -Math.floor(this.half); k <= this.half; k++) {
        this.line([[k, -9], [k, 9]], theme.grid, 1);
        this.line([[-9, k], [9, k]], theme.grid, 1);
      }
    }
    line(points, colour, width = 1.5, { alpha = 1, dash = [] } = {}) {
      const { g } = this;
      g.globalAlpha = alpha;
      g.strokeStyle = colour;
      g.lineWidth = width;
      g.lineJoin = g.lineCap = "round";
      g.setLineDash(dash);
      g.beginPath();
      points.forEach((p, i) => g[i ? "lineTo" : "moveTo"](...this.at(p)));
      g.stroke();
      g.setLineDash([]);
      g.globalAlpha = 1;
    }
    arrow(from, to, colour, width = 2.2, head = 9) {
      const [ax, ay] = this.at(from), [bx, by] = this.at(to), length = Math.hypot(bx - ax, by - ay);
      if (length < 2) return;
      const { g } = this, ux = (bx - ax) / length, uy = (by - ay) / length, h = Math.min(head, 0.7 * length);
      this.line([from, this.point(bx - ux * h * 0.8, by - uy * h * 0.8)], colour, width);
      g.fillStyle = colour;
      g.beginPath();
      g.moveTo(bx, by);
      g.lineTo(bx - h * ux - (h / 2) * uy, by - h * uy + (h / 2) * ux);
      g.lineTo(bx - h * ux + (h / 2) * uy, by - h * uy - (h / 2) * ux);
      g.fill();
    }
    ring(p, radius, colour, width = 1, options = {}) {
      const corners = Array.from({ length: 65 }, (_, i) => (i * Math.PI) / 32);
      this.line(corners.map((a) => [p[0] + radius * Math.cos(a), p[1] + radius * Math.sin(a)]), colour, width, options);
    }
    // A mark of r pixels: "circle", "square", "diamond" or "cross"; hollow leaves the paper to be seen inside.
    mark(p, shape, r, colour, { alpha = 1, hollow = false, rim = true } = {}) {
      const { g } = this, [x, y] = this.at(p);
      g.globalAlpha = alpha;
      g.beginPath();
      if (shape === "circle") g.arc(x, y, r, 0, 7);
      else if (shape === "square") g.rect(x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r);
      else if (shape === "diamond") [[0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0]].forEach(([a, b]) => g.lineTo(x + r * a, y + r * b));
      else [[-1, -1, 1, 1], [-1, 1, 1, -1]].forEach(([a, b, c, d]) => { g.moveTo(x + r * a, y + r * b); g.lineTo(x + r * c, y + r * d); });
      g.closePath();
      if (shape === "cross") {
        for (const [style, width] of [[this.theme.paper, 7], [colour, 3.4]]) {
          g.strokeStyle = style; g.lineWidth = width; g.lineCap = "round"; g.stroke();
        }
      } else {
        g.fillStyle = hollow ? this.theme.paper : colour;
        g.strokeStyle = hollow ? colour : this.theme.paper;
        g.lineWidth = hollow ? 2 : 1.5;
        g.fill();
        if (rim) g.stroke();
      }
      g.globalAlpha = 1;
    }
    text(p, words, colour, dx = 0, dy = 0, size = 13) {
      const { g } = this;
      let [x, y] = this.at(p);
      g.font = `600 ${size}px system-ui, sans-serif`;
      g.textAlign = "center";
      g.textBaseline = "middle";
      const wide = g.measureText(words).width / 2 + 4;
      x = Math.min(Math.max(x + dx, wide), this.size - wide);
      y = Math.min(Math.max(y + dy, 10), this.size - 10);
      g.lineJoin = "round";
      g.strokeStyle = this.theme.paper;
      g.lineWidth = 4;
      g.strokeText(words, x, y);
      g.fillStyle = colour;
      g.fillText(words, x, y);
    }
    data(world, { hollow = false, size = 7, only = null } = {}) {
      world.points.forEach((p, i) => this.mark(p, world.labels[i] ? "square" : "circle", size,
        this.theme.classes[world.labels[i]], { hollow, alpha: only === null || only === world.labels[i] ? 1 : 0.35 }));
    }
    // Lines of equal value of f, found on a grid (marching squares), and a shade that is deepest where f is least.
    contours(f, levels, shade, colour, alpha = 0.5) {
      const n = 48, { g, half } = this, step = (2 * half) / n, values = [];
      for (let j = 0; j <= n; j++) for (let i = 0; i <= n; i++) values.push(f([-half + i * step, half - j * step]));
      const cell = this.size / n, small = (this.small ||= document.createElement("canvas"));
      small.width = small.height = n + 1;
      const pixels = small.getContext("2d"), image = pixels.createImageData(n + 1, n + 1);
      values.forEach((v, k) => image.data.set([...this.theme.shade, 255 * shade(v)], 4 * k));
      pixels.putImageData(image, 0, 0);
      g.drawImage(small, -cell / 2, -cell / 2, this.size + cell, this.size + cell);
      g.strokeStyle = colour;
      g.globalAlpha = alpha;
      g.lineWidth = 1;
      g.beginPath();
      for (const level of levels) for (let j = 0; j < n; j++) for (let i = 0; i < n; i++) {
        const corner = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]], cuts = [];
        for (let k = 0; k < 4; k++) {
          const [a, b] = [corner[k], corner[(k + 1) % 4]], va = values[a[1] * (n + 1) + a[0]] - level;
          const vb = values[b[1] * (n + 1) + b[0]] - level;
          if (va < 0 === vb < 0) continue;
          const u = va / (va - vb);
          cuts.push([(a[0] + u * (b[0] - a[0])) * cell, (a[1] + u * (b[1] - a[1])) * cell]);
        }
        for (let k = 0; k + 1 < cuts.length; k += 2) { g.moveTo(...cuts[k]); g.lineTo(...cuts[k + 1]); }
      }
      g.stroke();
      g.globalAlpha = 1;
    }
  }

  // ------------------------------------------------------------------------------------------------------- the faces
  // A face is a small object: half (the plane shown is [-half, half]^2), tokens (what can be dragged besides the data),
  // controls, draw(d, world, s, memo), which returns what it has worked out, and readout(world, s, that), which puts it
  // in sentences; [text, share, colour] is a sentence with a bar. s is the state: the settings, as the learner moves them.

  const two = (v) => v.toFixed(2).replace(/^-0\.00$/, "0.00");
  const largest = (w) => w.indexOf(Math.max(...w));
  const percent = (v) => `${Math.round(100 * v)}\u00a0%`;
  const time = { kind: "range", key: "t", label: "time t", min: 0, max: (s) => s.T, say: (s) => `${s.t} of ${s.T}` };
  const near = (world, s, p) => {
    const { index, distance: gap } = world.nearest(p);
    const whose = `of the ${s.names[world.labels[index]]}`;
    return gap < 0.005 ? `at a point ${whose}` : `${two(gap)} from the nearest point, one ${whose}`;
  };
  const name = (world, s, i) => `point ${i + 1} (${s.names[world.labels[i]]})`;

  const FACES = {};

  FACES.guess = {
    half: 1.75,
    tokens: { x: "the noisy point x_t", guess: "your guess" },
    click: "x",
    controls: [
      { ...time, min: 1 },
      { kind: "buttons", label: "put your guess on", options: [
        ["the likeliest point", (s, world) => { s.guess = [...world.points[largest(world.weights(s.x, s.t))]]; }],
        ["the weighted mean", (s, world) => { s.guess = world.posteriorMean(s.x, s.t); }],
      ] },
    ],
    draw(d, world, s) {
      const { theme } = d, w = world.weights(s.x, s.t), mean = average(world.points, w);
      const least = world.expectedError(w, mean), error = (g) => world.expectedError(w, g);
      const levels = [0.02, 0.1, 0.25, 0.5, 1, 1.75, 2.75, 4].map((v) => least + v);
      d.contours(error, levels, (v) => 0.3 * Math.exp(-(v - least) / 0.35), theme.accent, 0.33);
      w.forEach((wi, i) => wi > 0.001 && d.line([s.x, world.points[i]], theme.ink, 0.5 + 11 * wi, { alpha: 0.18 + 0.3 * wi }));
      d.data(world);
      w.forEach((wi, i) => { // on the side away from the mean
        const p = world.points[i], far = Math.max(distance(p, mean), 1e-9);
        if (wi >= 0.01) d.text(p, percent(wi), theme.ink, (24 * (p[0] - mean[0])) / far, (-17 * (p[1] - mean[1])) / far);
      });
      d.line([s.guess, mean], theme.other, 1.5, { dash: [3, 5] });
      d.mark(mean, "cross", 7, theme.accent);
      d.text(mean, "mean", theme.accent, -31, 0);
      d.mark(s.guess, "circle", 8, theme.other, { hollow: true });
      d.text(s.guess, "your guess", theme.other, 0, -19);
      d.mark(s.x, "diamond", 8, theme.ink);
      d.text(s.x, "xₜ", theme.ink, 18, 0);
      return { w, mean, least, yours: error(s.guess) };
    },
    readout(world, s, { w, mean, least, yours }, theme) {
      const { index } = world.nearest(mean), most = Math.max(yours, least, 1e-9);
      return [
        `The weighted mean lies ${near(world, s, mean)}, whose weight is ${percent(w[index])}.`,
        [`Your guess must expect a squared error of ${two(yours)}.`, yours / most, theme.other],
        [`At the weighted mean it is ${two(least)}.`, least / most, theme.accent],
        "Along each line a guess has the same error; the deeper the green, the smaller the error.",
      ];
    },
  };

  FACES.noise = {
    half: 2.5,
    tokens: {},
    get controls() { return [{ ...time, play: true }, schedule]; },
    draw(d, world, s) {
      const a = world.signal(s.t), b = world.sigma(s.t);
      world.points.forEach((p, i) => {
        const colour = d.theme.classes[world.labels[i]], shape = world.labels[i] ? "square" : "circle";
        for (let k = 0; k < s.copies; k++) {
          d.mark(mix(a, p, b, normal(s.seed, i * s.copies + k)), shape, 2.7, colour, { alpha: 0.55, rim: false });
        }
      });
      world.points.forEach((p, i) => d.ring(mix(a, p, 0, p), b, d.theme.classes[world.labels[i]], 1.3, { alpha: 0.6 }));
      d.data(world, { hollow: true, size: 6 });
      return { a, b };
    },
    readout(world, s, { a, b }) {
      const widest = Math.max(...world.points.map((p) => Math.max(...world.points.map((q) => distance(p, q)))));
      if (s.t === 0) return ["At t = 0 there is no noise: every copy lies on its own point."];
      const apart = (a * widest) / b;
      return [
        `At t = ${s.t} each point has moved in to ${two(a)} of its distance from the middle, and the noise spreads its copies by ${two(b)} around that place (the rings).`,
        `The two points farthest apart are now ${apart.toFixed(1)} spreads from each other: ${apart > 5 ? "their copies can be told apart."
          : apart > 1 ? "their copies mix." : "all copies lie in one bell, and none says where it came from."}`,
      ];
    },
  };

  const schedule = { kind: "choice", key: "schedule", label: "schedule",
    options: () => ["cosine", "linear", "rescaled"].map((each) => [each, each]) };
  const STEPS = [2, 3, 5, 10, 20, 50, 100, 250, 500];
  const steps = { kind: "range", key: "steps", label: "steps", list: STEPS, say: (s) => `${s.steps}` };
  const film = { kind: "range", key: "i", label: "on the way", min: 0, max: (s) => s.steps, play: true,
    say: (s) => `step ${s.i} of ${s.steps}, t = ${samplingTimes(s.T, s.steps)[s.i]}` };
  const scrubbed = { ...steps, before: (s) => { s.part = s.i / s.steps; }, then: (s) => { s.i = Math.round(s.part * s.steps); } };
  const starts = (s) => Array.from({ length: s.samples }, (_, k) => (k ? normal(s.seed, k) : s.x));
  const reached = (world, ends) => new Set(ends.map((p) => world.nearest(p).index)).size;
  const close = (world, ends) => ends.filter((p) => world.nearest(p).distance < 0.05).length;
  const lengthOf = (path) => path.slice(1).reduce((sum, p, i) => sum + distance(p, path[i]), 0);

  FACES.ddpm = {
    half: 2.5,
    tokens: { x: "start of the marked walk" },
    click: "x",
    controls: [film, scrubbed, schedule, { kind: "check", key: "back", label: "put the noise back after each step" }],
    key: (theme) => [["━", theme.accent, "one of the walks"], ["✕", theme.accent, "its guess of x₀"]],
    draw(d, world, s, memo) {
      const { theme } = d, times = samplingTimes(s.T, s.steps), extra = s.back ? 1 : 0;
      const walk = (x, k) => world.walk(x, times, (y, t, u, i) => world.ddpmStep(y, t, u, normal(s.seed + 1, i * s.samples + k), extra));
      const key = [s.steps, extra];
      const others = memo("others", key, () => starts(s).slice(1).map((x, k) => walk(x, k + 1)));
      const marked = memo("marked", [key, s.x], () => walk(s.x, 0));
      const now = marked[s.i], guess = s.i < s.steps ? world.posteriorMean(now, times[s.i]) : now;
      d.data(world);
      others.forEach((path) => d.mark(path[s.i], "circle", 3.6, theme.ink, { alpha: 0.62 }));
      d.line(marked.slice(0, s.i + 1), theme.accent, 1.4, { alpha: 0.85 });
      d.line([now, guess], theme.accent, 1.3, { dash: [2, 5] });
      d.mark(s.x, "diamond", 6, theme.accent, { hollow: true });
      d.mark(guess, "cross", 6, theme.accent);
      d.mark(now, "circle", 6, theme.accent);
      return { marked, guess, ends: [marked, ...others].map((path) => path[s.steps]) };
    },
    readout(world, s, { marked, guess, ends }) {
      const path = marked.slice(0, s.i + 1);
      return [
        s.i ? `The marked point has walked ${two(lengthOf(path))}, and is ${two(distance(path[0], path[s.i]))} from where it began. Its guess lies ${near(world, s, guess)}.`
          : "All points are pure noise. Press play.",
        `At the end ${close(world, ends)} of the ${ends.length} points lie within 0.05 of a data point, and together they have reached ${reached(world, ends)} of the ${world.points.length} points.`,
      ];
    },
  };

  // Walks up to step s.i, coloured by the class where they end; the marked one is wide, and its start can be moved.
  function drawWalks(d, world, s, marked, others) {
    const { theme } = d, kind = (path) => world.labels[world.nearest(path.at(-1)).index];
    const colour = (path) => theme.classes[kind(path)];
    for (const path of others) {
      d.line(path.slice(0, s.i + 1), colour(path), 1.1, { alpha: 0.5 });
      d.mark(path[s.i], kind(path) ? "square" : "circle", 3.2, colour(path), { alpha: 0.8, rim: false });
    }
    d.data(world);
    d.line(marked.slice(0, s.i + 1), theme.paper, 5);
    d.line(marked.slice(0, s.i + 1), colour(marked), 3);
    d.mark(marked[s.i], "circle", 5, colour(marked));
    d.mark(s.x, "diamond", 7, theme.ink, { hollow: true });
  }

  FACES.ddim = {
    half: 2.5,
    tokens: { x: "start of the marked curve" },
    click: "x",
    controls: [film, scrubbed],
    key: (theme) => [["◇", theme.ink, "a start you can move"], ["✕", theme.accent, "the guess of x₀ on its way"]],
    draw(d, world, s, memo) {
      const { accent } = d.theme, times = samplingTimes(s.T, s.steps), marked = world.ddim(s.x, times);
      const others = memo("others", s.steps, () => starts(s).slice(1).map((x) => world.ddim(x, times)));
      drawWalks(d, world, s, marked, others);
      if (s.i < s.steps) {
        const guess = world.posteriorMean(marked[s.i], times[s.i]);
        d.line([marked[s.i], guess], accent, 1.3, { dash: [2, 5] });
        d.mark(guess, "cross", 6, accent);
      }
      return { end: marked.at(-1), ends: others.map((path) => path.at(-1)) };
    },
    readout(world, s, { end, ends }) {
      const ring = ends.filter((p) => !world.labels[world.nearest(p).index]).length;
      return [
        `From this start the curve ends ${near(world, s, end)}. It does so every time, because no noise is put back.`,
        `Of the other ${ends.length} curves ${ring} end in the ${s.names[0]} and ${ends.length - ring} in the ${s.names[1]}; they reach ${reached(world, ends)} of the ${world.points.length} points.`,
      ];
    },
  };

  FACES["2m"] = {
    half: 1.75,
    tokens: { x: "the start x_T" },
    click: "x",
    controls: [{ ...steps, list: null, min: 2, max: 30 }],
    key: (theme) => [["━", theme.quiet, "exact curve (500 steps)"], ["●", theme.other, "first order (DDIM)"], ["●", theme.accent, "second order (2M)"]],
    draw(d, world, s, memo) {
      const { theme } = d, times = samplingTimes(s.T, s.steps), all = samplingTimes(s.T, s.T);
      const exact = memo("exact", s.x, () => world.ddim(s.x, all)), first = world.ddim(s.x, times), second = world.twoM(s.x, times);
      const off = (path, goal) => path.map((p, i) => distance(p, goal[s.T - times[i]]));
      const errors = (path, goal) => [off(path, goal).at(-1), Math.max(...off(path, goal).slice(0, -1))];
      const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
      const xs = starts(s).slice(1), goals = memo("goals", 0, () => xs.map((x) => world.ddim(x, all)));
      d.data(world);
      d.line(exact, theme.quiet, 6, { alpha: 0.45 });
      for (const [path, colour, dash] of [[first, theme.other, [5, 4]], [second, theme.accent, []]]) {
        d.line(path, colour, 2, { dash });
        path.slice(1).forEach((p) => d.mark(p, "circle", 4.2, colour));
      }
      d.mark(s.x, "diamond", 8, theme.ink);
      d.text(s.x, "start", theme.ink, 0, 22);
      return {
        errors: [first, second].map((path) => errors(path, exact)),
        medians: memo("medians", s.steps, () => ["ddim", "twoM"].map((how) => {
          const all = xs.map((x, k) => errors(world[how](x, times), goals[k]));
          return [0, 1].map((which) => median(all.map((pair) => pair[which])));
        })),
      };
    },
    readout(world, s, { errors: [first, second], medians: [a, b] }, theme) {
      const most = Math.max(first[1], second[1], 1e-9), three = (v) => v.toFixed(3);
      return [
        [`On its way the first-order walk leaves the exact curve by up to ${three(first[1])}, and it ends ${three(first[0])} from the curve's end.`, first[1] / most, theme.other],
        [`The second-order walk leaves it by up to ${three(second[1])}, and ends ${three(second[0])} from there.`, second[1] / most, theme.accent],
        `Medians over ${s.samples - 1} other starts: ${three(a[1])} against ${three(b[1])} on the way, ${three(a[0])} against ${three(b[0])} at the end.`,
      ];
    },
  };

  FACES.guidance = {
    half: 2.2,
    tokens: { x: "the noisy point x_t" },
    click: "x",
    controls: [
      { kind: "range", key: "w", label: "guidance w", min: -2, max: 8, step: 0.25, say: (s) => s.w.toFixed(2) },
      { kind: "choice", key: "c", label: "asked for", options: (s) => s.names.map((text, k) => [k, text]) },
      { ...time, min: 1, max: (s) => s.T },
    ],
    key: (theme) => [["○", theme.accent, "ends of guided walks"]],
    draw(d, world, s, memo) {
      const { theme } = d, times = samplingTimes(s.T, s.steps), asked = theme.classes[s.c];
      const ends = memo("ends", [s.w, s.c, s.steps], () => starts({ ...s, x: normal(s.seed, 0) })
        .map((x) => world.walk(x, times, (y, t, u) => world.guidedStep(y, t, u, s.c, s.w)).at(-1)));
      const uncond = world.posteriorMean(s.x, s.t), cond = world.posteriorMean(s.x, s.t, s.c);
      const guided = mix(1 - s.w, uncond, s.w, cond);
      d.data(world, { only: s.c });
      ends.forEach((p, k) => d.ring(mix(1, p, 0.05, normal(s.seed + 7, k)), 4 / d.scale, theme.accent, 1.3, { alpha: 0.75 }));
      d.line([uncond, guided], theme.accent, 1.5, { dash: [2, 5] });
      d.arrow(s.x, uncond, theme.quiet, 2.4);
      d.arrow(s.x, cond, asked, 2.4);
      d.arrow(s.x, guided, theme.accent, 3.2, 12);
      d.text(uncond, "no class", theme.quiet, 0, 15);
      d.text(cond, s.names[s.c], asked, 0, 15);
      d.text(guided, "guided", theme.accent, 0, -14);
      d.mark(s.x, "diamond", 8, theme.ink);
      d.text(s.x, "xₜ", theme.ink, 0, 20);
      return { uncond, cond, guided, ends };
    },
    readout(world, s, { uncond, cond, guided, ends }) {
      const near = ends.map((p) => world.nearest(p)), of = world.labels.filter((k) => k === s.c).length;
      const right = near.filter((n) => n.distance < 0.1 && world.labels[n.index] === s.c);
      const far = near.filter((n) => n.distance >= 0.1).length;
      return [
        `Knowing the class moves the guess by ${two(distance(uncond, cond))}; w\u00a0=\u00a0${s.w} moves it by ${two(distance(uncond, guided))}${s.w < 0 ? ", the other way" : ""}.`,
        `Of ${ends.length} guided walks ${right.length} end at the ${s.names[s.c]}, at ${new Set(right.map((n) => n.index)).size} of its ${of} points${far ? `, and ${far} end at none of the points` : ""}.`,
      ];
    },
  };

  FACES.invert = {
    half: 1.75,
    tokens: { x: "where the walk begins" },
    click: "x",
    controls: [{ ...steps, list: STEPS.slice(1) }, { ...time, key: "t", label: "the walk begins at time t", min: 1, max: 200, say: (s) => s.t }],
    key: (theme) => [["━", theme.accent, "up to the noise"], ["┅", theme.other, "and back"]],
    draw(d, world, s) {
      const { theme } = d;
      const up = [...new Set(samplingTimes(s.T, s.steps).reverse().map((t) => Math.max(t, s.t)))];
      const down = [...up].reverse();
      if (s.t === 1) down[down.length - 1] = 0; // as diffusion_utilities does: up from x_1, down to x_0
      const rise = world.walk(s.x, up, (y, t, u) => world.invertStep(y, t, u)), back = world.ddim(rise.at(-1), down);
      d.data(world);
      d.line(rise, theme.accent, 2.5);
      d.line(back, theme.other, 2.5, { dash: [6, 5] });
      if (s.steps <= 50) for (const [path, colour] of [[rise, theme.accent], [back, theme.other]]) {
        path.slice(1).forEach((p) => d.mark(p, "circle", 3, colour, { rim: false }));
      }
      d.mark(rise.at(-1), "diamond", 7, theme.ink);
      d.text(rise.at(-1), "noise", theme.ink, 0, -19);
      d.mark(back.at(-1), "cross", 6, theme.other);
      d.mark(s.x, "circle", 8, theme.ink, { hollow: true });
      return { noise: rise.at(-1), back: back.at(-1) };
    },
    readout(world, s, { noise, back }) {
      const far = Math.hypot(...noise);
      return [
        `The noise behind this point is (${two(noise[0])}, ${two(noise[1])}).`,
        ...(far > 4 ? [`That is ${far.toFixed(0)} spreads from the middle, where the bell never goes: this place is too far from all the points to be one of them with the little noise of t = ${s.t}.`] : []),
        `The way back ends ${distance(back, s.x).toFixed(3)} from where the walk began.`,
      ];
    },
  };

  FACES.score = {
    half: 1.75,
    tokens: { x: "the place x" },
    click: "x",
    controls: [{ ...time, min: 10 }],
    key: (theme) => [["➜", theme.ink, "the score, times the noise's spread"]],
    draw(d, world, s) {
      const { theme } = d, a = world.signal(s.t), b = world.sigma(s.t), at = (x) => mix(a, world.posteriorMean(x, s.t), -1, x);
      const places = world.points.map((p) => mix(a, p, 0, p));
      const density = (x) => {
        let sum = 0;
        for (const p of places) sum += Math.exp(-((x[0] - p[0]) ** 2 + (x[1] - p[1]) ** 2) / (2 * b * b));
        return sum;
      };
      const most = Math.max(...places.map(density));
      d.contours((x) => density(x) / most, [0.1, 0.3, 0.6, 0.9], (v) => 0.4 * v, theme.accent, 0.3);
      for (let i = -7; i <= 7; i++) for (let j = -7; j <= 7; j++) {
        const from = [i * 0.23, j * 0.23], length = Math.hypot(...at(from)) / b;
        d.arrow(from, mix(1, from, Math.min(0.09, 0.2 / length) / b, at(from)), theme.ink, 1, 5);
      }
      d.data(world, { hollow: true, size: 6 });
      d.arrow(s.x, mix(1, s.x, 1, at(s.x)), theme.other, 3, 11);
      d.mark(s.x, "diamond", 8, theme.ink);
      return { pull: at(s.x), score: mix(1 / (b * b), at(s.x), 0, s.x) };
    },
    readout: (world, s, { pull, score }) => [
      `At this place the score is (${two(score[0])}, ${two(score[1])}). It points to the denoiser's guess, moved in towards the middle as all points are at this time.`,
      `That place is ${two(Math.hypot(...pull))} away; divided by the noise's variance, ${(1 - world.ab[s.t]).toFixed(3)}, this gives the score's length, ${two(Math.hypot(...score))}.`,
    ],
  };

  FACES.flow = {
    half: 2.5,
    tokens: { x: "start of the marked path" },
    click: "x",
    controls: [
      { ...film, say: (s) => `step ${s.i} of ${s.steps}, r = ${two(1 - s.i / s.steps)}` }, scrubbed,
      { kind: "check", key: "lines", label: "the straight lines it is trained on" },
    ],
    key: (theme) => [["━", theme.quiet, "noise to a point drawn at random"]],
    draw(d, world, s, memo) {
      // x_r = (1 - r) x_0 + r noise; the best velocity at x is (x - guess)/r, and a step of Euler's follows it
      const euler = (x, n) => world.walk(x, samplingTimes(n, n), (y, i, k) => {
        const r = i / n, x0 = average(world.points, softmax(world.points, y, 1 - r, r * r));
        return mix(k / i, y, 1 - k / i, x0);
      });
      const others = memo("others", s.steps, () => starts(s).slice(1).map((x) => euler(x, s.steps)));
      const marked = euler(s.x, s.steps), partner = (k) => world.points[Math.floor(uniform(s.seed + 3, k) * world.points.length)];
      if (s.lines) others.slice(0, 24).forEach((path, k) => d.line([path[0], partner(k)], d.theme.quiet, 1, { alpha: 0.6 }));
      d.line([s.x, marked.at(-1)], d.theme.accent, 1.5, { dash: [2, 5] });
      drawWalks(d, world, s, marked, others);
      return { marked, ends: others.map((path) => path.at(-1)) };
    },
    readout: (world, s, { marked, ends }) => [
      `The marked path ends ${near(world, s, marked.at(-1))}. It is ${two(lengthOf(marked) / distance(s.x, marked.at(-1)))} times as long as the straight line (dotted).`,
      `With ${s.steps} steps ${close(world, ends)} of the other ${ends.length} end within 0.05 of a data point.`,
    ],
  };

  // ---------------------------------------------------------------------------------------------- the live element

  const STYLE = `
    :host { display: block; max-width: 900px; margin: 4px 0; color: inherit; }
    .outer { container-type: inline-size; font: 15px/1.45 system-ui, sans-serif; }
    .fw { display: grid; grid-template-columns: minmax(0, 480px) minmax(220px, 1fr); gap: 8px 24px; align-items: start; }
    @container (max-width: 700px) { .fw { grid-template-columns: minmax(0, 480px); } }
    .stage { position: relative; aspect-ratio: 1; width: 100%; cursor: default; user-select: none; -webkit-user-select: none; }
    canvas { position: absolute; inset: 0; width: 100%; height: 100%; border-radius: 8px; }
    .handle { position: absolute; width: 30px; height: 30px; margin: -15px 0 0 -15px; padding: 0; border: 0; border-radius: 50%;
      background: none; cursor: grab; touch-action: none; -webkit-tap-highlight-color: transparent; }
    .handle:active { cursor: grabbing; } .handle:focus { outline: none; }
    .handle:focus-visible { outline: 2.5px solid var(--accent); outline-offset: -2px; }
    .side > * { margin: 0 0 12px; }
    .control { display: grid; grid-template-columns: 1fr auto; gap: 0 10px; align-items: center; }
    .control input[type=range] { grid-column: 1; width: 100%; margin: 4px 0; accent-color: var(--accent); height: 22px; }
    .control input:last-child { grid-column: 1 / -1; }
    .control label { grid-column: 1 / -1; display: flex; justify-content: space-between; gap: 12px; }
    output { font-variant-numeric: tabular-nums; white-space: nowrap; }
    .check { display: flex; gap: 8px; align-items: center; } input { accent-color: var(--accent); }
    fieldset { border: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 10px; margin: 0; }
    legend { padding: 0 0 4px; }
    button.act { font: inherit; font-size: 14px; padding: 4px 12px; border: 1px solid var(--quiet); border-radius: 6px;
      background: none; color: inherit; cursor: pointer; min-height: 32px; }
    button.act:hover { border-color: var(--accent); color: var(--accent); }
    button.act:focus-visible, input:focus-visible { outline: 2.5px solid var(--accent); outline-offset: 2px; }
    .play { min-width: 4.6em; margin: 0; } .readout p { margin: 0 0 6px; }
    .bar { height: 7px; border-radius: 4px; margin: 3px 0 10px; min-width: 2px; }
    .key { font-size: 13.5px; display: flex; flex-wrap: wrap; gap: 2px 14px; } .key span span { font-size: 15px; }
    .hint { font-size: 13px; color: var(--soft); }`;

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  let count = 0; // of figures on this page, for ids that differ

  class Explorable {
    constructor(root) {
      this.root = root;
      const s = (this.state = JSON.parse(root.dataset.settings));
      this.face = FACES[s.face];
      if ("at" in s) s.i = Math.round(s.at * s.steps); // where a film stands first
      this.world = new World(s);
      this.id = `flat-world-${++count}-${Math.random().toString(36).slice(2, 8)}`;
      this.redraws = 0;
      this.cache = new Map();
      this.build();
      this.look();
      this.listen();
      this.draw();
    }

    // What is worked out once for the same data and settings: `key` names all that it depends on.
    memo(name, key, work) {
      const whole = JSON.stringify([key, this.state.schedule, this.world.points]), kept = this.cache.get(name);
      if (kept && kept.whole === whole) return kept.value;
      const value = work();
      this.cache.set(name, { whole, value });
      return value;
    }

    build() {
      const { face, state: s } = this;
      this.canvas = make("canvas");
      this.canvas.setAttribute("role", "img");
      this.stage = make("div", { className: "stage" }, this.canvas);
      this.drawing = new Drawing(this.canvas, face.half);
      this.handles = [
        ...Object.entries(face.tokens).map(([key, label]) => this.handle(label, () => s[key], (p) => { s[key] = p; })),
        ...s.points.map((_, i) => this.handle(`data ${name(this.world, s, i)}`, () => this.world.points[i],
          (p) => { this.world.points[i] = p; })),
      ];
      this.inputs = [];
      const controls = face.controls.map((control) => this.control(control));
      this.readout = make("div", { className: "readout" });
      this.readout.setAttribute("role", "status");
      this.key = make("div", { className: "key" });
      const hint = "Drag any mark, or press Tab until it is ringed and move it with the arrow keys.";
      this.side = make("div", { className: "side" }, ...controls, this.readout, this.key, make("div", { className: "hint" }, hint));
      this.box = make("div", { className: "fw" }, this.stage, this.side);
      this.root.attachShadow({ mode: "open" }).append(make("style", { textContent: STYLE }), make("div", { className: "outer" }, this.box));
      this.root.dataset.live = "yes";
      this.root.dataset.lmSuppressShortcuts = "true"; // JupyterLab would take the arrow keys for itself
      this.root.addEventListener("keydown", (event) => event.stopPropagation());
    }

    handle(label, get, set) {
      const button = make("button", { type: "button", className: "handle" });
      button.setAttribute("aria-roledescription", "point that can be moved");
      this.stage.append(button);
      const limit = (v) => Math.min(Math.max(v, -this.face.half), this.face.half);
      const handle = { button, label, get, move: ([x, y]) => { set([limit(x), limit(y)]); this.draw(); } };
      button.addEventListener("keydown", (event) => {
        const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
        if (!way) return;
        event.preventDefault();
        handle.move(mix(1, get(), event.shiftKey ? 0.01 : 0.05, way));
      });
      return handle;
    }

    control(c) {
      const s = this.state, id = `${this.id}-${this.inputs.length}`;
      const change = (set) => () => { this.stop(); set(); this.draw(); };
      if (c.kind === "buttons") {
        const buttons = c.options.map(([text, act]) => {
          const button = make("button", { type: "button", className: "act", textContent: text });
          button.onclick = change(() => act(s, this.world));
          return button;
        });
        return make("fieldset", {}, make("legend", { textContent: c.label }), ...buttons);
      }
      if (c.kind === "check") {
        const box = make("input", { type: "checkbox", id, checked: s[c.key] });
        box.onchange = change(() => { s[c.key] = box.checked; });
        this.inputs.push(() => { box.checked = s[c.key]; });
        return make("div", { className: "check" }, box, make("label", { htmlFor: id, textContent: c.label }));
      }
      if (c.kind === "choice") {
        const radios = c.options(s).map(([value, text]) => {
          const radio = make("input", { type: "radio", name: id, value, checked: s[c.key] === value });
          radio.onchange = change(() => { s[c.key] = value; });
          return make("label", { className: "check" }, radio, text);
        });
        this.inputs.push(() => {});
        return make("fieldset", {}, make("legend", { textContent: c.label }), ...radios);
      }
      // a range, of all whole numbers from min to max or of the entries of a list
      const slider = make("input", { type: "range", id }), output = make("output", { htmlFor: id });
      const top = () => (c.list ? c.list.length - 1 : typeof c.max === "function" ? c.max(s) : c.max);
      slider.oninput = change(() => {
        c.before?.(s);
        s[c.key] = c.list ? c.list[slider.valueAsNumber] : slider.valueAsNumber;
        c.then?.(s);
      });
      const children = [make("label", { htmlFor: id }, make("span", { textContent: c.label }), output), slider];
      const refresh = () => {
        Object.assign(slider, { min: c.list ? 0 : c.min, max: top(), step: c.step || 1 });
        slider.value = c.list ? c.list.findIndex((v) => v >= s[c.key]) : s[c.key];
        output.textContent = c.say ? c.say(s, this.world) : s[c.key];
        slider.setAttribute("aria-valuetext", output.textContent);
      };
      if (c.play) {
        this.film = { ...c, top };
        this.playButton = make("button", { type: "button", className: "act play", textContent: "play" });
        this.playButton.onclick = () => (this.timer ? this.stop() : this.play());
        children.push(this.playButton);
      }
      this.inputs.push(refresh);
      return make("div", { className: "control" }, ...children);
    }

    // Light or dark, as the text around is dark or light.
    look() {
      const dot = make("canvas").getContext("2d"); // it knows every way to write a colour
      dot.fillStyle = getComputedStyle(this.root).color;
      dot.fillRect(0, 0, 1, 1);
      const [r, g, b] = dot.getImageData(0, 0, 1, 1).data, dark = r + g + b > 380, theme = (this.theme = dark ? THEMES.dark : THEMES.light);
      this.box.style.colorScheme = dark ? "dark" : "light";
      for (const [key, value] of [["accent", theme.accent], ["quiet", theme.quiet], ["soft", dark ? "#a9a9ae" : "#63625e"]]) {
        this.box.style.setProperty(`--${key}`, value);
      }
    }

    listen() {
      const place = (event) => {
        const box = this.stage.getBoundingClientRect();
        return this.drawing.point(event.clientX - box.left, event.clientY - box.top);
      };
      let held = null;
      this.stage.addEventListener("pointerdown", (event) => {
        if (event.button) return;
        const p = place(event), reach = 22 / this.drawing.scale;
        const near = this.handles.map((h, i) => [distance(h.get(), p) - (i < Object.keys(this.face.tokens).length ? reach / 4 : 0), h]);
        const [gap, handle] = near.reduce((a, b) => (b[0] < a[0] ? b : a));
        if (gap > reach) return;
        held = { handle, offset: mix(1, handle.get(), -1, p) };
        this.stage.setPointerCapture(event.pointerId);
        handle.button.focus({ preventScroll: true, focusVisible: false });
        event.preventDefault();
        this.stop();
      });
      this.stage.addEventListener("pointermove", (event) => held && held.handle.move(mix(1, place(event), 1, held.offset)));
      for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
        this.stage.addEventListener(end, () => { setTimeout(() => { held = null; }); });
      }
      this.stage.addEventListener("click", (event) => { // an empty place: what the face is about goes there
        if (held || !this.face.click || event.target !== this.canvas) return;
        this.stop();
        this.handles[Object.keys(this.face.tokens).indexOf(this.face.click)].move(place(event));
      });
      new ResizeObserver(() => this.stage.clientWidth !== this.drawing.size && this.draw()).observe(this.stage);
      const relook = () => { const before = this.theme; this.look(); if (before !== this.theme) this.draw(); };
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", relook);
      for (const element of [document.documentElement, document.body]) {
        new MutationObserver(relook).observe(element, { attributes: true });
      }
      new IntersectionObserver((entries, observer) => {
        relook();
        if (!entries.at(-1).isIntersecting) return;
        this.draw();
        observer.disconnect();
        if (this.state.autoplay && this.film && !still()) this.play();
      }, { threshold: 0.6 }).observe(this.stage);
    }

    play() {
      const { key, min, top, step = 1 } = this.film, s = this.state;
      if (s[key] >= top()) s[key] = min;
      const begin = s[key], started = performance.now();
      const tick = () => {
        const value = begin + ((performance.now() - started) / (s.seconds * 1000)) * (top() - min);
        s[key] = Math.min(min + Math.round((value - min) / step) * step, top());
        this.timer = s[key] < top() ? requestAnimationFrame(tick) : 0;
        this.playButton.textContent = this.timer ? "pause" : "play";
        this.draw();
      };
      this.readout.ariaLive = "off"; // or a screen reader would speak at every frame
      tick();
    }
    stop() {
      this.readout.ariaLive = "polite";
      cancelAnimationFrame(this.timer);
      this.timer = 0;
      if (this.playButton) this.playButton.textContent = "play";
    }

    draw() {
      const { face, world, drawing, state: s } = this;
      drawing.fit(this.stage.clientWidth || drawing.size);
      world.take(s.schedule);
      drawing.begin(this.theme);
      const found = face.draw(drawing, world, s, (...args) => this.memo(...args));
      this.inputs.forEach((refresh) => refresh());
      const sentences = face.readout(world, s, found, this.theme);
      this.readout.replaceChildren(...sentences.flatMap((part) => {
        const [text, share, colour] = [part].flat(), bar = make("div", { className: "bar" });
        if (colour) Object.assign(bar.style, { width: `${100 * share}%`, background: colour });
        return colour ? [make("p", { textContent: text }), bar] : [make("p", { textContent: text })];
      }));
      const words = sentences.map((part) => [part].flat()[0]).join(" ");
      this.canvas.setAttribute("aria-label", `${s.alt} ${words}`);
      this.key.replaceChildren(...[["●", this.theme.classes[0], s.names[0]], ["■", this.theme.classes[1], s.names[1]],
        ...(face.key ? face.key(this.theme) : [])].map(([sign, colour, text]) => {
        const glyph = make("span", { textContent: sign });
        glyph.style.color = colour;
        return make("span", {}, glyph, ` ${text}`);
      }));
      for (const { button, label, get } of this.handles) {
        const p = get(), [x, y] = drawing.at(p);
        button.style.left = `${(100 * x) / drawing.size}%`;
        button.style.top = `${(100 * y) / drawing.size}%`;
        button.setAttribute("aria-label", `${label}, at ${two(p[0])}, ${two(p[1])}`);
      }
      this.redraws += 1;
    }
  }

  document.querySelectorAll(".flat-world:not([data-live])").forEach((root) => {
    const live = new Explorable(root);
    root.flatWorld = { live, world: live.world, World, alphaBar, samplingTimes, normal };
  });
})();
