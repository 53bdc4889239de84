// The samplers of diffusion_utilities.py in JavaScript, with the same names, formulas and noise: schedules, DDPM, DDIM,
// DPM-Solver++(2M), guidance, inversion, and the jumps of lesson 11. tests/test_site_sampler.py compares every number.
//
// Images are one Float32Array of n images in a row; `size` is how many numbers one of them has. A context `c` is a
// Float32Array of n rows, or null. A denoiser is an async function model(x, n, share, c), share = t/T, which returns a
// Float32Array as long as x; model.predicts says what is in it: "eps", "x0" or "v".

// ------------------------------------------------------------------------------------------------------- schedule

/** alpha-bar: Float64Array (T+1), from ab[0] = 1 down to ab[T]; name: "linear", "rescaled" or "cosine". */
export function noiseSchedule(name = "linear", T = 500, beta1 = 1e-4, beta2 = 0.02) {
  if (!["linear", "rescaled", "cosine"].includes(name)) {
    throw new Error(`the schedule must be 'linear', 'rescaled' or 'cosine', not '${name}'`);
  }
  const f = (t) => Math.cos(((t / T + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
  const scale = name === "rescaled" ? 1000 / T : 1;
  const first = T > 1 ? beta1 : beta2; // a single step ends in noise, too
  const beta = (t) =>
    name === "cosine" ? 1 - f(t) / f(t - 1) : scale * (first + ((beta2 - first) * (t - 1)) / Math.max(T - 1, 1));
  const ab = new Float64Array(T + 1);
  ab[0] = 1;
  for (let t = 1; t <= T; t++) ab[t] = ab[t - 1] * (1 - Math.min(beta(t), 0.999));
  return ab;
}

const roundEven = (v) => (v % 1 === 0.5 ? 2 * Math.round(v / 2) : Math.round(v)); // as Python rounds

/** The n+1 whole times of n steps, T first and 0 last, evenly spaced. */
export function samplingTimes(T, n) {
  if (!Number.isInteger(n) || n < 1 || n > T) {
    throw new Error(`the number of steps must be a whole number in 1..${T}, not ${n}`);
  }
  return Array.from({ length: n + 1 }, (_, i) => roundEven((T * (n - i)) / n));
}

/** a x + b y, number by number. */
function mix(a, x, b, y) {
  const out = new Float32Array(x.length);
  for (let i = 0; i < out.length; i++) out[i] = a * x[i] + b * y[i];
  return out;
}

/** x_t = sqrt(ab_t) x_0 + sqrt(1 - ab_t) noise (DDPM, equation 4). */
export const addNoise = (x0, t, noise, ab) => mix(Math.sqrt(ab[t]), x0, Math.sqrt(1 - ab[t]), noise);

/** The images and the noise that a network's answer at x = x_t implies. */
export function toX0Eps(out, x, t, ab, predicts) {
  const signal = Math.sqrt(ab[t]),
    sigma = Math.sqrt(1 - ab[t]);
  if (predicts === "eps") return { x0: mix(1 / signal, x, -sigma / signal, out), eps: out };
  if (predicts === "x0") return { x0: out, eps: mix(1 / sigma, x, -signal / sigma, out) };
  if (predicts === "v") return { x0: mix(signal, x, -sigma, out), eps: mix(sigma, x, signal, out) };
  throw new Error(`a network predicts 'eps', 'x0' or 'v', not '${predicts}'`);
}

// ------------------------------------------------------------------------------------------------------- guidance

/** Classifier-free guidance as a denoiser made of a denoiser: uncond + w (cond - uncond) (Ho & Salimans).
 *  negative, a context to move away from (n rows), takes the place of "no context". Both halves run as one batch. */
export function guided(model, w, negative = null) {
  const answer = async (x, n, share, c) => {
    if (w === 1 || (c === null && negative === null)) return model(x, n, share, c);
    const wanted = c ?? new Float32Array(negative.length),
      away = negative ?? new Float32Array(c.length);
    if (w === 0) return model(x, n, share, away);
    const both = await model(joined(x, x), 2 * n, share, joined(away, wanted));
    return mix(1 - w, both.subarray(0, x.length), w, both.subarray(x.length));
  };
  answer.predicts = model.predicts;
  return answer;
}

function joined(a, b) {
  const out = new Float32Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

// ------------------------------------------------------------------------------------------------------- sampling

/** Walk from noise x (n images) to images, one network call a step; yields {i, t, s, x, x0, eps} after each.
 *  The settings are those of du.sampler. normal(count) gives the noise that is put back: see random.js. */
export async function* sampler(
  model,
  ab,
  x,
  n,
  c = null,
  {
    steps = 50,
    eta = 0,
    order = 1,
    variance = "small",
    extraNoise = 1,
    clip = false,
    times = null,
    normal = null,
  } = {},
) {
  const T = ab.length - 1;
  times = times ?? samplingTimes(T, steps);
  if (!(times.length > 1 && times.at(-1) === 0 && times[0] <= T && times.every((t, i) => !i || times[i - 1] > t))) {
    throw new Error(`times must fall from at most ${T} to 0`);
  }
  if (variance === "large" && order === 2) {
    throw new Error("order 2 has a variance of its own: variance='large' needs order=1");
  }
  let lastX0 = null,
    lastH = null;
  for (let i = 0; i + 1 < times.length; i++) {
    const t = times[i],
      s = times[i + 1],
      a = ab[t],
      b = ab[s];
    let { x0, eps } = toX0Eps(await model(x, n, t / T, c), x, t, ab, model.predicts);
    if (clip) {
      x0 = x0.map((v) => Math.min(Math.max(v, -1), 1));
      eps = mix(1 / Math.sqrt(1 - a), x, -Math.sqrt(a / (1 - a)), x0);
    }
    let std;
    if (order === 2) {
      const h = s > 0 ? 0.5 * (Math.log(b / a) - Math.log((1 - b) / (1 - a))) : Infinity;
      const ahead = lastX0 === null || s === 0 ? 0 : h / lastH / 2;
      const d = ahead ? mix(1 + ahead, x0, -ahead, lastX0) : x0;
      const keep = s > 0 ? Math.exp(-eta * h) : 0;
      x = mix(Math.sqrt((1 - b) / (1 - a)) * keep, x, Math.sqrt(b) * (1 - Math.exp(-h) * keep), d);
      std = Math.sqrt((1 - b) * (1 - keep ** 2));
      [lastX0, lastH] = [x0, h];
    } else {
      const sigma = eta * Math.sqrt(((1 - b) / (1 - a)) * (1 - a / b));
      x = mix(Math.sqrt(b), x0, Math.sqrt(Math.max(1 - b - sigma ** 2, 0)), eps);
      std = variance === "small" ? sigma : eta * Math.sqrt(1 - a / b);
    }
    if (eta > 0 && s > 0) x = mix(1, x, std * extraNoise, normal(x.length)); // no noise on the last step
    yield { i, t, s, x, x0, eps };
  }
}

/** DDIM upward: the noise from which the sampler with eta = 0 draws the images x again (DDIM, 5.4). */
export async function invert(model, ab, x, n, c = null, { steps = 50 } = {}) {
  const T = ab.length - 1,
    times = samplingTimes(T, steps)
      .reverse()
      .map((t) => Math.max(t, 1));
  for (let i = 0; i + 1 < times.length; i++) {
    const { x0, eps } = toX0Eps(await model(x, n, times[i] / T, c), x, times[i], ab, model.predicts);
    x = addNoise(x0, times[i + 1], eps, ab);
  }
  return x;
}

/** Lesson 11's walk for few_steps.pth: jump to the end, put fresh noise on it, jump again. Yields as the sampler. */
export async function* jumps(model, ab, x, n, c = null, { steps = 1, normal = null } = {}) {
  const T = ab.length - 1,
    times = samplingTimes(T, steps);
  for (let i = 0; i < steps; i++) {
    const t = times[i],
      s = times[i + 1];
    if (i > 0) x = addNoise(x, t, normal(x.length), ab);
    const { x0, eps } = toX0Eps(await model(x, n, t / T, c), x, t, ab, model.predicts);
    x = x0.map((v) => Math.min(Math.max(v, -1), 1));
    yield { i, t, s, x, x0, eps };
  }
}

// ------------------------------------------------------------------------------------------------- editing (lesson 14)

/** Image to image (SDEdit): {x, times} with which the sampler redraws the images x. The more strength, in 0..1, the more
 *  noise they get, and the more of the `calls` steps of a whole walk are taken. */
export function startFrom(x, strength, noise, ab, calls = 20) {
  const t = roundEven(strength * (ab.length - 1)),
    steps = roundEven(strength * calls);
  if (!(steps >= 1 && t >= steps && strength <= 1)) throw new Error("the strength must be a little above 0, and at most 1");
  return { x: addNoise(x, t, noise, ab), times: samplingTimes(t, steps) };
}

/** The images x inside the mask (a number for each pixel, 1 inside); outside it the known ones, with the noise of time s. */
export function keepOutside(x, s, known, mask, noise, ab) {
  const outside = addNoise(known, s, noise, ab);
  return outside.map((v, i) => (mask[i % mask.length] ? x[i] : v));
}

/** From x_s up to the noisier x_t. */
export const goBack = (x, s, t, noise, ab) => mix(Math.sqrt(ab[t] / ab[s]), x, Math.sqrt(1 - ab[t] / ab[s]), noise);

/** Fill the mask of known images: DDPM, where after each step the known part is put back, and each step is taken `again`
 *  times (RePaint). Yields as the sampler; steps times `again` calls, or one round less on the last step. */
export async function* repaint(model, ab, known, n, c = null, { mask, steps = 20, again = 2, normal } = {}) {
  const times = samplingTimes(ab.length - 1, steps);
  let x = normal(known.length);
  for (let i = 0; i < steps; i++) {
    const [t, s] = [times[i], times[i + 1]];
    for (let k = 0; k < (s ? again : 1); k++) {
      if (k) x = goBack(x, s, t, normal(known.length), ab);
      const settings = { times: s ? [t, s, 0] : [t, 0], eta: 1, clip: true, normal };
      const { value } = await sampler(model, ab, x, n, c, settings).next();
      x = keepOutside(value.x, s, known, mask, normal(known.length), ab);
      yield { ...value, i, x };
    }
  }
}

// --------------------------------------------------------------------------------------------------------- between

/** From noise a to noise b along the sphere (spherical interpolation), so that what lies between is as large as they
 *  are; share 0 is a, 1 is b. */
export function slerp(a, b, share) {
  let dot = 0,
    aa = 0,
    bb = 0;
  for (let i = 0; i < a.length; i++) [dot, aa, bb] = [dot + a[i] * b[i], aa + a[i] ** 2, bb + b[i] ** 2];
  const angle = Math.acos(Math.min(Math.max(dot / Math.sqrt(aa * bb), -1), 1));
  if (angle < 1e-6) return mix(1 - share, a, share, b);
  return mix(Math.sin((1 - share) * angle) / Math.sin(angle), a, Math.sin(share * angle) / Math.sin(angle), b);
}
