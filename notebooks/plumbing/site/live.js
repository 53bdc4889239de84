// Makes the widgets of a page live, each when it comes near the screen. Until then, and wherever the networks cannot
// run, its saved picture stays, and a sentence says why. The modules are only asked for where they can be read.
(function () {
  function why() {
    if (location.protocol === "file:") {
      return "This page was opened as a file, where no network can be loaded: “make serve” serves it.";
    }
    if (
      !window.WebAssembly ||
      !window.Worker ||
      !window.IntersectionObserver ||
      !("noModule" in document.createElement("script"))
    ) {
      return "This browser is too old to run a network.";
    }
    return "";
  }

  function say(root, text) {
    var sentence = root.querySelector(".live-why") || document.createElement("p");
    sentence.className = "live-why";
    sentence.setAttribute("role", "status");
    sentence.textContent = text;
    root.insertBefore(sentence, root.firstChild);
  }

  var roots = document.querySelectorAll(".live[data-widget]"),
    reason = why();
  for (var i = 0; i < roots.length; i++) {
    if (reason) say(roots[i], reason + " Here is its picture.");
  }
  if (reason || !roots.length) return;

  function begin(root) {
    import("./live/widgets.js")
      .then(function (widgets) {
        return widgets.begin(root);
      })
      .catch(function (error) {
        say(root, "The network cannot draw here, because " + error.message + ". Here is its picture.");
        root.classList.remove("is-live");
      });
  }

  var near = new IntersectionObserver(
    function (entries) {
      entries.forEach(function (entry) {
        if (!entry.isIntersecting) return;
        near.unobserve(entry.target);
        begin(entry.target);
      });
    },
    { rootMargin: "600px" },
  );
  roots.forEach(function (root) {
    near.observe(root);
  });
})();
