// The page's side of the worker: one worker for all widgets of a page, asked with promises.

const asked = new Map(); // what the answers to each request go to
let worker = null,
  count = 0,
  broken = null;

function start() {
  worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data: { id, step, progress, result, error } }) => {
    const request = asked.get(id);
    if (step) return request?.onstep?.(step);
    if (progress) return asked.forEach((each) => each.onprogress?.(progress)); // the worker does one thing after another
    asked.delete(id);
    error === undefined ? request?.resolve(result) : request?.reject(new Error(error));
  };
  worker.onerror = (event) => {
    // its program could not even be read
    event.preventDefault();
    broken = new Error("this browser cannot run the program that the networks need");
    asked.forEach(({ reject }) => reject(broken));
    asked.clear();
  };
}

/** Ask the worker; returns a promise with a method stop(), after which it resolves to null, soon. */
export function ask(kind, request = {}, { onstep, onprogress } = {}) {
  if (!worker) start();
  const id = ++count;
  const answer = new Promise((resolve, reject) => {
    if (broken) return reject(broken);
    asked.set(id, { resolve, reject, onstep, onprogress });
    worker.postMessage({ id, kind, ...request });
  });
  answer.stop = () => asked.has(id) && worker.postMessage({ id, kind: "stop" });
  return answer;
}
