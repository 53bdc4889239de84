// Turns each animated <img class="film"> into a player: a canvas with play/pause and a scrubber. Where a browser cannot
// decode frames, or scripts may not run, the image stays and plays by itself.
document.querySelectorAll("img.film:not([data-player])").forEach(async (img) => {
  img.dataset.player = "yes";
  if (!window.ImageDecoder) return;
  let data, decoder;
  if (img.src.startsWith("data:")) data = Uint8Array.from(atob(img.src.split(",")[1]), (byte) => byte.charCodeAt(0));
  else { // a file of the site, which is fetched once the film comes near the screen
    if (location.protocol === "file:") return; // such a page may not read other files
    await new Promise((near) => new IntersectionObserver(([entry], watch) => {
      if (entry.isIntersecting) near(watch.disconnect());
    }, { rootMargin: "400px" }).observe(img));
    try {
      data = new Uint8Array(await (await fetch(img.src)).arrayBuffer());
      await img.decode();
    } catch { return; } // no connection
  }
  const open = async () => {
    decoder = new ImageDecoder({ data, type: "image/png" });
    await Promise.all([decoder.tracks.ready, decoder.completed]);
  };
  await open();
  const count = decoder.tracks.selectedTrack.frameCount;
  if (count < 2) return;
  const labels = JSON.parse(img.dataset.labels || "[]");
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
  const canvas = make("canvas", { width: img.naturalWidth, height: img.naturalHeight });
  canvas.style.cssText = "max-width:100%;display:block";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", img.alt);
  const button = make("button", { type: "button" });
  const slider = make("input", { type: "range", min: 0, max: count - 1, value: 0 });
  slider.setAttribute("aria-label", "frame");
  const text = make("output", {});
  const bar = make("div", { className: "film-player" });
  bar.dataset.lmSuppressShortcuts = "true";  // JupyterLab would take the arrow keys for itself
  bar.onkeydown = (event) => event.stopPropagation();
  bar.style.cssText = "display:flex;gap:8px;align-items:center;max-width:" + Math.max(img.naturalWidth, 260) + "px";
  slider.style.flex = "1";
  text.style.cssText = "font:12px sans-serif;min-width:4em;white-space:nowrap";
  button.style.minWidth = "4.5em";
  bar.append(button, slider, text);
  let playing = !matchMedia("(prefers-reduced-motion: reduce)").matches, visible = true, busy = false, timer;
  const label = () => { button.textContent = playing ? "pause" : "play"; };
  const next = (frame) => { slider.value = (frame + 1) % count; draw(); };
  async function draw() {
    if (busy) return;
    busy = true;
    const frame = slider.valueAsNumber;
    let { image } = await decoder.decode({ frameIndex: frame });
    if (!image.codedWidth) { // Firefox hands out the frame of the last time, which is closed: a new decoder decodes it anew
      decoder.close();
      await open();
      ({ image } = await decoder.decode({ frameIndex: frame }));
    }
    canvas.getContext("2d").drawImage(image, 0, 0);
    const pause = image.duration / 1000;
    image.close();
    text.textContent = labels[frame] || frame + 1 + " / " + count;
    slider.setAttribute("aria-valuetext", text.textContent);
    busy = false;
    clearTimeout(timer);
    if (slider.valueAsNumber !== frame) draw();
    else if (playing && visible) timer = setTimeout(next, pause, frame);
  }
  button.onclick = () => { playing = !playing; label(); draw(); };
  slider.oninput = () => { playing = false; label(); draw(); };
  label();
  img.after(canvas, bar);
  img.style.display = "none";
  new IntersectionObserver(([entry]) => { visible = entry.isIntersecting; draw(); }).observe(canvas);
});
