// What every page of the site does: search over all lessons, copy buttons on code, and the section being read is marked
// in the table of contents. Without this script the pages read just as well.
(function () {
  // ---------------------------------------------------------------------------------------------------------- search
  // search-index.js, fetched at the first key, sets window.searchIndex: [page, anchor, title, section, text] each.
  var input = document.getElementById("search"),
    hits = document.getElementById("hits"),
    asked = false;

  function load() {
    if (asked) return;
    asked = true;
    var script = document.createElement("script");
    script.src = "search-index.js";
    script.onload = look;
    document.head.append(script);
  }

  function found(words) {
    return window.searchIndex
      .map(function (entry) {
        var heading = (entry[2] + " " + entry[3]).toLowerCase(),
          text = entry[4].toLowerCase(),
          score = 0;
        for (var i = 0; i < words.length; i++) {
          var above = heading.indexOf(words[i]) >= 0,
            times = text.split(words[i]).length - 1;
          if (!above && !times) return null;
          score += (above ? 20 : 0) + Math.min(times, 8);
        }
        return { entry: entry, score: score };
      })
      .filter(Boolean)
      .sort(function (a, b) {
        return b.score - a.score;
      });
  }

  /** A little of the text around the first word that is found in it, the word marked. */
  function excerpt(text, words) {
    var place = Math.max(text.toLowerCase().indexOf(words[0]), 0),
      begin = Math.max(place - 50, 0),
      small = document.createElement("small");
    var end = place + words[0].length,
      mark = document.createElement("mark");
    mark.textContent = text.slice(place, end);
    small.append((begin ? "… " : "") + text.slice(begin, place), mark, text.slice(end, place + 110) + " …");
    return small;
  }

  function look() {
    var words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    hits.textContent = "";
    if (!words.length || input.value.trim().length < 2 || !window.searchIndex) return;
    var best = found(words);
    best.slice(0, 12).forEach(function (hit) {
      var link = document.createElement("a"),
        entry = hit.entry;
      link.href = entry[0] + (entry[1] ? "#" + entry[1] : "");
      link.append(entry[2] + (entry[3] ? ": " + entry[3] : ""), excerpt(entry[4], words));
      hits.append(link);
    });
    if (!best.length) {
      var nothing = document.createElement("p");
      nothing.textContent = "No lesson says that.";
      hits.append(nothing);
    }
  }

  function move(event) {
    // up and down through the hits, Escape closes
    var links = [].slice.call(hits.querySelectorAll("a")),
      at = links.indexOf(document.activeElement);
    if (event.key === "Escape") {
      hits.textContent = "";
      input.focus();
    }
    if (event.key === "ArrowDown" && links.length) {
      event.preventDefault();
      links[Math.min(at + 1, links.length - 1)].focus();
    }
    if (event.key === "ArrowUp" && at >= 0) {
      event.preventDefault();
      (at ? links[at - 1] : input).focus();
    }
  }

  input.addEventListener("focus", load);
  input.addEventListener("input", look);
  input.parentNode.addEventListener("keydown", move);
  document.addEventListener("click", function (event) {
    if (!input.parentNode.contains(event.target)) hits.textContent = "";
  });
  document.addEventListener("keydown", function (event) {
    // "/" as in many other places
    if (event.key === "/" && !/INPUT|SELECT|TEXTAREA/.test(document.activeElement.tagName)) {
      event.preventDefault();
      input.focus();
    }
  });

  document.querySelectorAll("pre, table, .long").forEach(function (text) {
    if (text.scrollWidth > text.clientWidth) text.tabIndex = 0; // so that the keyboard can scroll it
  });

  // ------------------------------------------------------------------------------------------------------------ copy
  document.querySelectorAll(".highlight").forEach(function (block) {
    var code = block.querySelector("pre"),
      button = document.createElement("button");
    if (!navigator.clipboard) return; // a page that is not secure may not write there
    button.type = "button";
    button.className = "copy";
    button.textContent = "copy";
    button.addEventListener("click", function () {
      navigator.clipboard
        .writeText(code.textContent.trimEnd() + "\n")
        .then(
          function () {
            return "copied";
          },
          function () {
            return "not allowed";
          },
        )
        .then(function (text) {
          button.textContent = text;
          setTimeout(function () {
            button.textContent = "copy";
          }, 1500);
        });
    });
    block.append(button);
  });

  // -------------------------------------------------------------------------------------------------------- contents
  var links = {};
  document.querySelectorAll('#contents a[href^="#"]').forEach(function (link) {
    links[decodeURIComponent(link.hash.slice(1))] = link;
  });
  if (!window.IntersectionObserver) return;
  var headings = [].filter.call(document.querySelectorAll("main h2[id]"), function (heading) {
    return links[heading.id];
  });
  var watch = new IntersectionObserver(
    function () {
      var read = headings
        .filter(function (heading) {
          return heading.getBoundingClientRect().top < 140;
        })
        .pop();
      headings.forEach(function (heading) {
        heading === read
          ? links[heading.id].setAttribute("aria-current", "true")
          : links[heading.id].removeAttribute("aria-current");
      });
    },
    { rootMargin: "-130px 0px -70% 0px" },
  );
  headings.forEach(function (heading) {
    watch.observe(heading);
  });
})();
