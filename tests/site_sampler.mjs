// Runs the site's samplers on the cases that test_site_sampler.py hands over on the standard input, and prints the
// results as JSON: node site_sampler.mjs FOLDER_OF_THE_MODULES < cases.json
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const folder = pathToFileURL(process.argv[2] + "/").href;
const { noiseSchedule, samplingTimes, sampler, guided, invert, jumps, repaint, slerp, startFrom } = await import(
  folder + "sampler.js"
);
const { Generator } = await import(folder + "random.js");
const { centres, labels, width, cases } = JSON.parse(readFileSync(0, "utf8"));

// The exact denoiser of images in bell-shaped clouds around a few centres, as in test_site_sampler.py.
function clouds(ab) {
  const model = async (x, n, share, c) => {
    const size = centres[0].length,
      a = ab[Math.round(share * (ab.length - 1))],
      root = Math.sqrt(a);
    const variance = a * width ** 2 + 1 - a,
      pull = (width ** 2 * root) / variance,
      classes = c ? c.length / n : 0;
    const out = new Float32Array(x.length);
    for (let b = 0; b < n; b++) {
      const row = c ? c.slice(b * classes, (b + 1) * classes) : [],
        asked = row.some((v) => v);
      const apart = centres.map((centre) => centre.map((v, j) => x[b * size + j] - root * v));
      const logits = apart.map((d, k) =>
        asked && !(row[labels[k]] > 0) ? -Infinity : -d.reduce((sum, v) => sum + v ** 2, 0) / (2 * variance),
      );
      const most = Math.max(...logits),
        w = logits.map((v) => Math.exp(v - most)),
        all = w.reduce((sum, v) => sum + v);
      for (let j = 0; j < size; j++) {
        out[b * size + j] = centres.reduce((sum, m, k) => sum + (w[k] / all) * (m[j] + pull * apart[k][j]), 0);
      }
    }
    return out;
  };
  model.predicts = "x0";
  return model;
}

const float = (list) => (list ? Float32Array.from(list) : null);

async function solve(given) {
  if (given.what === "schedule") return [...noiseSchedule(given.name, given.T)];
  if (given.what === "times") return samplingTimes(given.T, given.n);
  if (given.what === "normal") {
    const generator = new Generator(given.seed);
    return given.counts.flatMap((count) => [...generator.normal(count)]);
  }
  if (given.what === "slerp") return [...slerp(float(given.a), float(given.b), given.share)];
  const ab = noiseSchedule(given.schedule, given.T),
    n = given.n,
    x = float(given.x),
    c = float(given.c);
  let model = clouds(ab);
  if ("w" in given) model = guided(model, given.w, float(given.negative));
  if (given.what === "invert") return [...(await invert(model, ab, x, n, c, { steps: given.steps }))];
  const generator = new Generator(given.seed ?? 0);
  const walk = { jumps, repaint }[given.what] ?? sampler,
    steps = [];
  let settings = { ...given.settings, normal: (count) => generator.normal(count) },
    start = x;
  if (given.what === "redraw") {
    const { x: noisy, times } = startFrom(x, given.strength, generator.normal(x.length), ab, given.calls);
    [start, settings] = [noisy, { ...settings, times }];
  }
  for await (const step of walk(model, ab, start, n, c, settings)) steps.push(step);
  return steps.flatMap(({ x, x0, eps }) => [...x, ...x0, ...eps]);
}

const results = [];
for (const given of cases) {
  try {
    results.push(await solve(given));
  } catch (error) {
    results.push(error.message);
  }
}
console.log(JSON.stringify(results));
