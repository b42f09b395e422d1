extension HTMLReport {
  /// The page's behaviour: filtering the list, opening traces, details of entities and of the map.
  ///
  /// Text from traces reaches the page as text nodes only.
  static let script =
    #"""
    "use strict";
    const $ = (selector, root = document) => root.querySelector(selector);
    const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
    const make = (tag, attributes = {}, ...children) => {
      const element = document.createElement(tag);
      for (const [key, value] of Object.entries(attributes)) {
        if (value !== null && value !== undefined) element.setAttribute(key, value);
      }
      element.append(...children.filter(child => child !== null && child !== undefined));
      return element;
    };

    // Theme: the system's, until somebody chooses.
    const themes = ["auto", "light", "dark"];
    function setTheme(theme) {
      if (theme === "auto") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = theme;
      $("#theme").textContent = "◐ " + theme;
      $("#theme").setAttribute("aria-label", "Theme: " + theme);
      $("#theme").value = theme;
    }
    let stored = null;
    try { stored = localStorage.getItem("fluoro-theme"); } catch {}
    setTheme((location.hash.match(/theme=(auto|light|dark)/) || [])[1] || (themes.includes(stored) ? stored : "auto"));
    $("#theme").addEventListener("click", () => {
      const next = themes[(themes.indexOf($("#theme").value) + 1) % themes.length];
      setTheme(next);
      try { localStorage.setItem("fluoro-theme", next); } catch {}
    });

    // The list.
    const list = $("#list");
    const rows = list ? [...list.children] : [];
    const chips = $$(".chip[data-status]");
    let service = null;
    function applyFilter() {
      if (!list) return;
      const words = $("#filter").value.toLowerCase().split(/\s+/).filter(Boolean);
      const pressed = chips.filter(chip => chip.getAttribute("aria-pressed") === "true");
      const statuses = pressed.map(chip => chip.dataset.status);
      const scenario = $("#scenario") ? $("#scenario").value : "";
      let shown = 0;
      for (const row of rows) {
        const matches = words.every(word => row.dataset.search.includes(word))
          && (!statuses.length || statuses.includes(row.dataset.status))
          && (!scenario || row.dataset.scenario === scenario)
          && (service === null || JSON.parse(row.dataset.services).includes(service));
        row.hidden = !matches;
        if (matches) shown += 1;
      }
      $("#shown").textContent = shown === rows.length ? `${shown} traces` : `${shown} of ${rows.length} traces`;
      $("#none").hidden = shown > 0;
      const button = $("#service-filter");
      button.hidden = service === null;
      button.textContent = `Service: ${service} ✕`;
    }
    function applyOrder() {
      const order = $("#sort").value;
      const sorted = order === "newest" ? rows : order === "oldest" ? [...rows].reverse()
        : [...rows].sort((a, b) => Number(b.dataset.seconds) - Number(a.dataset.seconds));
      list.append(...sorted);
    }
    if (list) {
      $("#filter").addEventListener("input", applyFilter);
      $("#sort").addEventListener("change", applyOrder);
      if ($("#scenario")) $("#scenario").addEventListener("change", applyFilter);
      $("#service-filter").addEventListener("click", () => { service = null; applyFilter(); $("#filter").focus(); });
      for (const chip of chips) {
        chip.addEventListener("click", () => {
          chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
          applyFilter();
        });
      }
    }

    // The map.
    const map = $("#service-map .service-map");
    function showFigures(element) {
      const key = element.dataset.node !== undefined ? `node-${element.dataset.node}` : `edge-${element.dataset.edge}`;
      $$(".chosen", map).forEach(other => other.classList.remove("chosen"));
      element.classList.add("chosen");
      const panel = $(".map-details");
      panel.replaceChildren($(`template[data-for="${key}"]`).content.cloneNode(true));
      const button = $("[data-service]", panel);
      if (button) button.addEventListener("click", () => {
        service = button.dataset.service;
        applyFilter();
        $("#traces").scrollIntoView();
      });
    }
    if (map) {
      const choose = event => {
        const element = event.target.closest(".node,.edge");
        if (element) showFigures(element);
      };
      map.addEventListener("click", choose);
      map.addEventListener("focusin", choose);
      const width = map.viewBox.baseVal.width;
      const height = map.viewBox.baseVal.height;
      let scale = 1;
      const zoom = value => {
        scale = Math.min(3, Math.max(0.15, value));
        map.setAttribute("width", width * scale);
        map.setAttribute("height", height * scale);
      };
      const fit = () => zoom(Math.min(1, $("#service-map .map-scroll").clientWidth / width));
      for (const button of $$("[data-zoom]")) {
        button.addEventListener("click", () => {
          if (button.dataset.zoom === "fit") fit();
          else zoom(scale * (button.dataset.zoom === "in" ? 1.25 : 0.8));
        });
      }
      // Smaller than this, names cannot be read: better to scroll.
      zoom(Math.max(0.66, Math.min(1, $("#service-map .map-scroll").clientWidth / width)));
    }
    """# + "\n" + traceScript + "\n" + detailsScript

  private static let traceScript =
    #"""
    // One trace.
    let open = null;
    // Documents keep the text of their numbers: every string is marked with "s", every number becomes one with "n".
    class Numeral { constructor(text) { this.text = text; } }
    const readDocument = text => {
      const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g,
        token => token[0] === '"' ? '"s' + token.slice(1) : `"n${token}"`);
      const unmark = value => {
        if (typeof value === "string") return value[0] === "n" ? new Numeral(value.slice(1)) : value.slice(1);
        if (Array.isArray(value)) return value.map(unmark);
        if (value && typeof value === "object") {
          return new Map(Object.entries(value).map(([key, member]) => [key.slice(1), unmark(member)]));
        }
        return value;
      };
      return unmark(JSON.parse(marked));
    };
    const plain = value => value instanceof Numeral ? value.text : String(value);
    function printed(value, indent = "") {
      const inner = indent + "  ";
      if (value instanceof Numeral) return value.text;
      if (value instanceof Map) {
        const members = [...value].map(([key, member]) => `${inner}${JSON.stringify(key)}: ${printed(member, inner)}`);
        return members.length ? `{\n${members.join(",\n")}\n${indent}}` : "{}";
      }
      if (Array.isArray(value)) {
        const elements = value.map(element => inner + printed(element, inner));
        return elements.length ? `[\n${elements.join(",\n")}\n${indent}]` : "[]";
      }
      return JSON.stringify(value);
    }

    function openTrace(id, entity) {
      const template = $$("template[data-trace]").find(candidate => candidate.dataset.trace === id);
      if (!template) return false;
      if (!open || open.id !== id) {
        const content = $("#trace-content");
        content.replaceChildren(template.content.cloneNode(true));
        const entities = new Map();
        const collect = (document, parent, segment) => {
          const key = plain(document.get("id"));
          if (!entities.has(key)) entities.set(key, { document, parent, segment: segment || document });
          for (const child of document.get("subsegments") || []) collect(child, key, segment || document);
        };
        const segments = JSON.parse($("script", content).textContent).Segments;
        for (const segment of segments) collect(readDocument(segment.Document), null, null);
        open = { id, entities, rows: $$(".tl-row", content), tab: "Overview" };
        link("#newer", rows.findIndex(row => row.querySelector(`a[href="#/traces/${id}"]`)) - 1);
        link("#older", rows.findIndex(row => row.querySelector(`a[href="#/traces/${id}"]`)) + 1);
      }
      $("#overview").hidden = true;
      $("#trace").hidden = false;
      const wanted = open.rows.find(row => row.dataset.id === entity);
      const worst = open.rows.find(row => row.matches(".fault:not(.inferred),.throttle:not(.inferred)"));
      select(wanted || deepest(worst) || open.rows[0], false);
      if (!wanted) { scrollTo(0, 0); $("h1", $("#trace-content")).focus({ preventScroll: true }); }
      return true;
    }
    // A fault passes upwards; the innermost failing row is where it began.
    function deepest(row) {
      if (!row) return row;
      const start = open.rows.indexOf(row);
      const inside = open.rows.slice(start + 1, start + 1 + Number(row.dataset.descendants));
      return inside.filter(other => $(".status.fault", other) && !other.classList.contains("inferred")).pop() || row;
    }
    function link(selector, index) {
      const target = rows[index] && $("a", rows[index]);
      $(selector).setAttribute("aria-disabled", String(!target));
      if (target) $(selector).setAttribute("href", target.getAttribute("href"));
      else $(selector).removeAttribute("href");
    }
    function select(row, byHand = true) {
      if (!row) return;
      for (const other of open.rows) {
        other.setAttribute("aria-selected", String(other === row));
        other.tabIndex = other === row ? 0 : -1;
      }
      if (byHand) {
        row.focus();
        history.replaceState(null, "", `#/traces/${open.id}/${row.dataset.id}`);
      }
      showDetails(row);
    }
    function setExpanded(row, isExpanded) {
      if (!row.hasAttribute("aria-expanded")) return;
      row.setAttribute("aria-expanded", String(isExpanded));
      let hiddenUntil = -1;
      open.rows.forEach((other, index) => {
        other.hidden = index <= hiddenUntil;
        if (!other.hidden && other.getAttribute("aria-expanded") === "false") {
          hiddenUntil = index + Number(other.dataset.descendants);
        }
      });
    }
    $("#trace-content").addEventListener("click", event => {
      const row = event.target.closest(".tl-row");
      if (!row) return;
      if (event.target.closest(".twist")) setExpanded(row, row.getAttribute("aria-expanded") === "false");
      else select(row);
    });
    $("#trace-content").addEventListener("keydown", event => {
      const row = event.target.closest(".tl-row");
      if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
      const visible = open.rows.filter(other => !other.hidden);
      const place = visible.indexOf(row);
      const level = Number(row.getAttribute("aria-level"));
      const expanded = row.getAttribute("aria-expanded");
      const parent = visible.slice(0, place).reverse().find(other => Number(other.getAttribute("aria-level")) < level);
      const moves = {
        ArrowDown: () => select(visible[place + 1]), ArrowUp: () => select(visible[place - 1]),
        Home: () => select(visible[0]), End: () => select(visible[visible.length - 1]),
        ArrowRight: () => expanded === "false" ? setExpanded(row, true) : select(visible[place + 1]),
        ArrowLeft: () => expanded === "true" ? setExpanded(row, false) : select(parent),
      };
      if (!moves[event.key]) return;
      event.preventDefault();
      moves[event.key]();
    });
    document.addEventListener("keydown", event => {
      const isTyping = event.target.matches && event.target.matches("input,select");
      if (event.key === "Escape" && !$("#trace").hidden) location.hash = "#/traces";
      if (isTyping || event.altKey || event.ctrlKey || event.metaKey) return;
      if (event.key === "/" && $("#trace").hidden && list) { event.preventDefault(); $("#filter").focus(); }
      if (event.key === "j" && !$("#trace").hidden) $("#older").click();
      if (event.key === "k" && !$("#trace").hidden) $("#newer").click();
    });
    function route() {
      const parts = location.hash.split("?")[0].split("/");
      if (parts[1] === "traces" && parts[2] && openTrace(parts[2], parts[3])) return;
      const wasOpen = !$("#trace").hidden;
      $("#trace").hidden = true;
      $("#overview").hidden = false;
      if (parts[1] === "service-map") $("#service-map").scrollIntoView();
      else if (parts[1] === "traces") {
        $("#traces").scrollIntoView();
        const row = wasOpen && open && rows.find(row => row.querySelector(`a[href="#/traces/${open.id}"]`));
        if (row) $("a", row).focus();
      } else scrollTo(0, 0);
    }
    addEventListener("hashchange", route);
    """#
}
