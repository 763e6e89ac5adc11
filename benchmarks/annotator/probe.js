/** Laid into the page before its own scripts: times what handlers, frames and the worker take. */
(() => {
  const probe = { handlers: [], draws: [], frames: [], jobs: [], recording: false, visible: null, flips: [], shown: [], idle: [] };
  window.__probe = probe;
  const now = () => performance.now();

  const TIMED = new Set(["pointerdown", "pointermove", "pointerup", "keydown"]);
  const listen = EventTarget.prototype.addEventListener;
  let open = null;
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    if (!TIMED.has(type) || typeof listener !== "function") return listen.call(this, type, listener, options);
    return listen.call(this, type, function (event) {
      const began = now();
      try {
        return listener.call(this, event);
      } finally {
        // Several listeners of one event are one handler.
        if (open?.event !== event) {
          open = { event, entry: { type, key: event.key, ms: 0 } };
          if (probe.recording) probe.handlers.push(open.entry);
        }
        open.entry.ms += now() - began;
      }
    }, options);
  };

  const frame = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) => frame((at) => {
    const began = now();
    callback(at);
    if (probe.recording) probe.draws.push(now() - began);
  });
  // A flip ends with the last drawing of the slice before the second frame after the key. What follows
  // is the wait for the screen, which IDLE tells: the same keypress where nobody listens.
  const IDLE = "F9";
  let flip = null;
  for (const [canvas, name] of [
    [CanvasRenderingContext2D, "putImageData"],
    [WebGL2RenderingContext, "drawArrays"],
    [WebGL2RenderingContext, "drawElements"],
  ]) {
    const draw = canvas.prototype[name];
    canvas.prototype[name] = function (...args) {
      const drawn = draw.apply(this, args);
      if (flip) flip.drawn = now();
      return drawn;
    };
  }
  listen.call(window, "keydown", ({ key }) => {
    const idle = key === IDLE;
    if (key !== "f" && key !== "d" && !idle) return;
    const mine = (flip = { began: now(), drawn: null });
    frame(() => frame(() => {
      if (idle) probe.idle.push(now() - mine.began);
      else {
        probe.shown.push(now() - mine.began);
        probe.flips.push(mine.drawn === null ? null : mine.drawn - mine.began);
      }
      if (flip === mine) flip = null;
    }));
  }, { capture: true });
  const count = (at) => {
    if (probe.recording) probe.frames.push(at);
    frame(count);
  };
  frame(count);

  const Original = window.Worker;
  window.Worker = class extends Original {
    constructor(...args) {
      super(...args);
      this.orders = new Map();
      listen.call(this, "message", ({ data }) => {
        const { name, at } = this.orders.get(data.id);
        probe.jobs.push({ name, ms: now() - at });
      });
    }
    postMessage(order) {
      this.orders.set(order.id, { name: order.name, at: now() });
      super.postMessage(order);
    }
  };

  const look = () => {
    if (probe.visible === null && document.querySelector('.pane[data-complete="true"]')) probe.visible = now();
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
})();
