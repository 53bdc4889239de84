// The worker in which the networks run, so that no page ever freezes: it loads onnxruntime-web and the networks (once
// for all pages: what was fetched stays in the browser's cache), and walks from noise to sprites with sampler.js.
//
// network.js talks to it: {id, kind: "load" | "walk" | "classify" | "stop", ...} goes in; {id, progress} while
// something is fetched, {id, step} after each step, and at the end {id, result} or {id, error} come out.
import { Generator } from "./random.js";
import { guided, jumps, noiseSchedule, repaint, sampler, startFrom } from "./sampler.js";

const here = (name) => new URL(name, import.meta.url).href;
const manifest = fetch(here("manifest.json")).then((answer) => {
  if (!answer.ok) throw new Error(`the list of networks cannot be fetched (${answer.status})`);
  return answer.json();
});
const stopped = new Set(),
  kept = new Map(); // requests that nobody waits for; networks by name

// --------------------------------------------------------------------------------------------------------- fetching

let cache; // of the browser; a page that is not secure (http, not localhost) has none

/** The bytes of a file beside this one, {file, bytes} of the manifest; tell(bytes) is called as they come in. */
async function bytesOf({ file, bytes }, tell) {
  cache ??= self.caches ? caches.open("course-networks").catch(() => null) : null;
  const store = await cache,
    before = await store?.match(here(file));
  const answer = before ?? (await fetch(here(file)).catch(() => ({ ok: false, status: "no connection" })));
  if (!answer.ok) throw new Error(`${file} cannot be fetched (${answer.status})`);
  const parts = [];
  const reader = answer.body.getReader();
  for (let part; !(part = await reader.read()).done;) {
    parts.push(part.value);
    tell(part.value.length);
  }
  const blob = new Blob(parts);
  if (blob.size !== bytes) throw new Error(`${file} has arrived in part only`);
  if (store && !before) await store.put(here(file), new Response(blob)).catch(() => {}); // no room: fetched again
  return new Uint8Array(await blob.arrayBuffer());
}

/** What has proved broken must not stay. */
async function forget({ file }) {
  await (await cache)?.delete(here(file));
}

/** Old versions of what is in the manifest need not stay. */
async function tidy(names) {
  const store = await cache,
    wanted = new Set(names.map(here));
  for (const request of (await store?.keys()) ?? []) if (!wanted.has(request.url)) await store.delete(request);
}

// --------------------------------------------------------------------------------------------------------- networks

let runtime = null; // {ort, where} once it runs

/** onnxruntime-web: on WebGPU where the browser has what it takes, else as WebAssembly on one thread. */
async function start(files, where, tell) {
  const { script, glue, wasm } = files[where];
  const ort = await import(here(script.file)).catch(() => {
    throw new Error(`${script.file} cannot be fetched`);
  });
  ort.env.wasm.numThreads = 1; // more would need headers that a static host does not send
  ort.env.wasm.wasmPaths = { mjs: here(glue.file), wasm: here(wasm.file) };
  ort.env.wasm.wasmBinary = await bytesOf(wasm, tell);
  ort.env.logLevel = "error";
  return { ort, where };
}

const SECONDS = 20; // within which a graphics card must have answered

/** Where to run, before anything is fetched: the program that knows WebGPU is the larger one. */
async function choose(files) {
  const able = files.webgpu && "Suspending" in WebAssembly && self.navigator.gpu; // the small build needs JSPI
  const adapter = able && (await within(SECONDS, navigator.gpu.requestAdapter()).catch(() => null));
  // an adapter that only plays a graphics card is slower than WebAssembly
  return adapter && !(adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter) ? "webgpu" : "wasm";
}

/** What takes longer than so many seconds has failed: a graphics card may hang. */
function within(seconds, promise) {
  const late = new Promise((_, fail) => setTimeout(fail, 1000 * seconds, new Error("it does not answer")));
  return Promise.race([promise, late]);
}

async function session(about, tell) {
  const bytes = await bytesOf(about, tell);
  const { ort, where } = runtime,
    settings = { executionProviders: [where], logSeverityLevel: 3 };
  const patient = (promise) => (where === "wasm" ? promise : within(SECONDS, promise));
  const made = await patient(ort.InferenceSession.create(bytes, settings)).catch((cause) => {
    throw new Error("it has arrived broken", { cause });
  });
  return async (feeds) => {
    const tensors = {};
    for (const [name, [data, dims]] of Object.entries(feeds)) tensors[name] = new ort.Tensor("float32", data, dims);
    const answers = await patient(made.run(tensors));
    return answers[made.outputNames[0]].data;
  };
}

/** A graphics card may be lost in the middle of a walk: then the same question goes to WebAssembly, and all later ones. */
function lasting(run, about, files, tell) {
  const where = runtime.where;
  return async (feeds) => {
    try {
      return await run(feeds);
    } catch (error) {
      if (where === "wasm") throw error;
      if (runtime?.where !== "wasm") runtime = await start(files, "wasm", tell);
      run = await session(about, tell);
      return run(feeds);
    }
  };
}

/** A network by its name, ready to be asked: {model, ab} of a denoiser, {run} of the classifier. */
async function network(name, tell = () => {}) {
  const { networks, runtimes } = await manifest;
  if (!kept.has(name)) kept.set(name, load(name, networks[name], runtimes, tell));
  try {
    return await kept.get(name);
  } catch (error) {
    kept.delete(name); // a lost connection may come back
    throw error;
  }
}

let turn = Promise.resolve(); // one is loaded after the other, so that the runtime is fetched once

function load(name, about, runtimes, tell) {
  const made = turn.then(async () => {
    for (let where = runtime?.where ?? (await choose(runtimes)); ; where = "wasm") {
      let total = about.bytes + (runtime ? 0 : runtimes[where].wasm.bytes),
        done = 0;
      const count = (bytes) => {
        done += bytes;
        tell({ name, done, total });
      };
      try {
        runtime ??= await start(runtimes, where, count);
        const run = await session(about, count);
        await verify(about, run);
        return asked(about, lasting(run, about, runtimes, tell));
      } catch (error) {
        runtime = null;
        if (where === "wasm") {
          await Promise.all([forget(about), forget(runtimes.wasm.wasm)]); // one of them may have arrived broken
          throw error;
        }
      } // else the graphics card could not do it, or did it wrongly
    }
  });
  turn = made.catch(() => {});
  return made;
}

/** A network as the samplers ask it, {model, ab, one, n_cfeat}, or as the judge is asked, {run, classes}. */
function asked(about, run) {
  const { channels, size, n_cfeat, predicts, words } = about;
  const context = (c, n) => (words ? trimmed(c, n) : [c, [n, n_cfeat]]);
  const model = (x, n, share, c) =>
    run({
      x: [x, [n, channels, size, size]],
      ...(predicts && {
        t: [new Float32Array(n).fill(share), [n]],
        c: context(c ?? new Float32Array(n * n_cfeat), n),
      }),
    });
  if (!predicts) return { run: model, classes: n_cfeat };
  model.predicts = predicts;
  return { model, ab: noiseSchedule(about.schedule, about.T), one: channels * size * size, n_cfeat };
}

/** The network gives, of a little noise, the numbers that Python gives: else its weights are not the course's, or the
 *  graphics card does not compute as it should. */
async function verify(about, run) {
  const { channels, size, check } = about,
    { model, run: judge } = asked(about, run);
  const answer = await (model ?? judge)(new Generator(0).normal(channels * size * size), 1, 0.5, null);
  if (!check.values.every((v, i) => Math.abs(v - answer[i * check.every]) < 2e-3)) {
    throw new Error("it has arrived broken: it does not answer as it should");
  }
}

/** n rows of tokens, and their shape, without the columns that are 0 in all of them. */
function trimmed(c, n) {
  const length = c.length / n;
  let used = 1;
  for (let i = 0; i < c.length; i++) if (c[i]) used = Math.max(used, (i % length) + 1);
  const out = new Float32Array(n * used);
  for (let i = 0; i < n; i++) out.set(c.subarray(i * length, i * length + used), i * used);
  return [out, [n, used]];
}

// ------------------------------------------------------------------------------------------------------------ walks

/** n images' worth of noise from a seed; `of`: how many images are drawn at a time, of which these are the first. */
function noise(generator, n, of, one) {
  return generator.normal((of ?? n) * one).slice(0, n * one);
}

const WALKS = { sampler, jumps, repaint };

/** Draw n sprites; settings are those of the walk, seed and laterSeed give the first noise and what is put back. A walk
 *  begins with noise, with x if that is given, or, with a strength, with x that has got noise. */
async function draw(request, tell) {
  const { id, n, c = null, w = 1, negative = null, walk = "sampler", strength } = request;
  const { model, ab, one } = await network(request.network, tell);
  const first = new Generator(request.seed ?? 0);
  let x = request.x ?? noise(first, n, request.of, one),
    settings = request.settings ?? {};
  if (strength !== undefined) {
    const start = startFrom(x, strength, noise(first, n, request.of, one), ab, settings.steps);
    x = start.x;
    settings = { ...settings, times: start.times };
  }
  const later = request.laterSeed === undefined ? first : new Generator(request.laterSeed);
  const normal = () => noise(later, n, request.of, one);
  const denoiser = w === 1 && !negative ? model : guided(model, w, negative);
  let before = x;
  for await (const step of WALKS[walk](denoiser, ab, x, n, c, { ...settings, normal })) {
    postMessage({ id, step: { ...step, before } });
    before = step.x;
    await new Promise((next) => setTimeout(next)); // a message may say that nobody waits any more
    if (stopped.has(id)) return null;
  }
  return before;
}

const tasks = {
  async load({ names }, tell) {
    for (const name of names) await network(name, tell);
    const { networks, runtimes } = await manifest;
    await tidy(
      [...Object.values(networks), ...Object.values(runtimes).map((files) => files.wasm)].map((v) => v.file),
    );
    return runtime.where;
  },
  walk: draw,
  async classify({ x, n }, tell) {
    const { run, classes } = await network("classifier", tell),
      answer = await run(x, n, 0, null);
    return Array.from({ length: n }, (_, i) => {
      const row = answer.slice(i * classes, (i + 1) * classes);
      return row.indexOf(Math.max(...row));
    });
  },
};

let queue = Promise.resolve(); // a network answers one question at a time
self.onmessage = ({ data }) => {
  if (data.kind === "stop") return stopped.add(data.id);
  queue = queue.then(async () => {
    if (stopped.delete(data.id)) return postMessage({ id: data.id, result: null });
    try {
      postMessage({
        id: data.id,
        result: await tasks[data.kind](data, (progress) => postMessage({ id: data.id, progress })),
      });
    } catch (error) {
      postMessage({ id: data.id, error: error.message });
    }
    stopped.delete(data.id);
  });
};
