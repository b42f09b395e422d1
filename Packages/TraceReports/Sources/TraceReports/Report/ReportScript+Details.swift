extension HTMLReport {
  /// The panel beside the timeline, made from the entity's own document.
  static let detailsScript =
    #"""
    const childMap = (document, key) => document.get(key) instanceof Map ? document.get(key) : new Map();
    const moment = value => {
      if (!(value instanceof Numeral)) return null;
      const date = new Date(Number(value.text) * 1000);
      return make("time", { title: value.text }, isNaN(date) ? value.text : date.toISOString());
    };
    const shown = value => value instanceof Map || Array.isArray(value) ? printed(value) : plain(value);
    function pairs(entries) {
      const dl = make("dl", { class: "pairs" });
      for (const [label, value] of entries) {
        if (value === null || value === undefined) continue;
        const content = value instanceof Node ? value : make("bdi", {}, shown(value));
        dl.append(make("dt", {}, make("bdi", {}, label)), make("dd", {}, content));
      }
      return dl;
    }
    function overview(entity, row) {
      const { document, parent } = entity;
      const request = childMap(childMap(document, "http"), "request");
      const response = childMap(childMap(document, "http"), "response");
      const flags = ["fault", "error", "throttle", "in_progress", "inferred"]
        .filter(flag => document.get(flag) === true);
      const entries = [
        ["Status", $(".status", row).cloneNode(true)],
        ["Duration", $(".tl-duration", row).textContent],
        ["Began", moment(document.get("start_time"))],
        ["Ended", moment(document.get("end_time")) || "not reported"],
        ["Flags", flags.length ? flags.join(", ") : null],
        ["Origin", document.get("origin")],
        ["Namespace", document.get("namespace")],
        ["Method", request.get("method")], ["URL", request.get("url")],
        ["Status code", response.get("status")], ["Content length", response.get("content_length")],
        ["User agent", request.get("user_agent")], ["Client IP", request.get("client_ip")],
        ["User", document.get("user")], ["Resource", document.get("resource_arn")],
        ["Id", document.get("id")], ["Parent", document.get("parent_id") || parent],
      ];
      for (const [key, value] of childMap(document, "aws")) entries.push([`aws.${key}`, value]);
      for (const [key, value] of childMap(document, "service")) entries.push([`service.${key}`, value]);
      for (const item of Array.isArray(document.get("links")) ? document.get("links") : []) {
        const target = shown(item.get("trace_id"));
        entries.push(["Linked trace", make("a", { href: `#/traces/${encodeURIComponent(target)}` }, target)]);
      }
      return pairs(entries);
    }
    function annotations(document) {
      return pairs([...childMap(document, "annotations")].map(([key, value]) => {
        const type = value instanceof Numeral ? "number" : typeof value === "boolean" ? "boolean" : "text";
        return [key, make("span", {}, make("bdi", {}, shown(value)), make("span", { class: "type" }, type))];
      }));
    }
    function metadata(document) {
      const root = make("div");
      for (const [namespace, value] of childMap(document, "metadata")) {
        root.append(make("h3", {}, make("bdi", {}, namespace)), make("pre", {}, printed(value)));
      }
      return root;
    }
    // The exceptions of an entity, and the entity that holds them when it only refers to them.
    function exceptions(document) {
      const cause = document.get("cause");
      const listed = cause => cause instanceof Map && Array.isArray(cause.get("exceptions"))
        ? cause.get("exceptions").filter(item => item instanceof Map) : [];
      if (typeof cause !== "string") return { found: listed(cause), owner: null };
      for (const [id, other] of open.entities) {
        const found = listed(other.document.get("cause")).filter(item => item.get("id") === cause);
        if (found.length) return { found, owner: id };
      }
      return { found: [], owner: null };
    }
    function exceptionList({ found, owner }) {
      const root = make("div");
      if (owner) {
        const button = make("button", { type: "button", class: "quiet" }, "Go to where it was thrown");
        button.addEventListener("click", () => select(open.rows.find(row => row.dataset.id === owner)));
        root.append(make("div", { class: "row-actions" }, button));
      }
      for (const item of found) {
        const stack = Array.isArray(item.get("stack")) ? item.get("stack").filter(frame => frame instanceof Map) : [];
        const frames = stack.map(frame => {
          const line = frame.has("line") ? `:${shown(frame.get("line"))}` : "";
          return make("li", {}, make("bdi", {}, shown(frame.get("label") ?? "?")),
            make("span", { class: "where" }, make("bdi", {}, shown(frame.get("path") ?? "?") + line)));
        });
        const omitted = item.has("truncated")
          ? make("p", { class: "hint" }, `${shown(item.get("truncated"))} more frames were left out`) : null;
        root.append(make("section", { class: "exception" },
          make("h3", {}, make("bdi", {}, shown(item.get("type") ?? "Exception")),
            item.get("remote") === true ? make("span", { class: "tag remote" }, "remote") : null),
          make("p", { class: "message" }, make("bdi", {}, shown(item.get("message") ?? ""))),
          frames.length ? make("ol", { class: "stack" }, ...frames)
            : make("p", { class: "hint" }, "No stack was recorded."),
          omitted));
      }
      return root;
    }
    function raw(entity) {
      const text = printed(entity.document);
      const button = make("button", { type: "button", class: "quiet" }, "Copy");
      button.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(text);
          button.textContent = "Copied";
        } catch {
          button.textContent = "Not allowed here";
        }
      });
      return make("div", {}, make("div", { class: "row-actions" }, button), make("pre", { tabindex: "0" }, text));
    }
    function showDetails(row) {
      const panel = $("#details");
      const entity = open.entities.get(row.dataset.id);
      if (!entity) return;
      const { document } = entity;
      const thrown = exceptions(document);
      const tabs = [
        ["Overview", null, () => overview(entity, row)],
        ["Annotations", childMap(document, "annotations").size, () => annotations(document)],
        ["Metadata", childMap(document, "metadata").size, () => metadata(document)],
        ["Exceptions", thrown.found.length, () => exceptionList(thrown)],
      ];
      const sql = childMap(document, "sql");
      if (sql.size) tabs.push(["SQL", null, () => pairs([...sql])]);
      tabs.push(["Raw", null, () => raw(entity)]);
      const body = make("div", { role: "tabpanel", id: "tab-body", tabindex: "0" });
      const bar = make("div", { class: "tabs", role: "tablist", "aria-label": "Details" });
      const buttons = tabs.map(([name, count]) => make(
        "button", { type: "button", role: "tab", "aria-controls": "tab-body" }, name,
        count ? make("span", { class: "count" }, String(count)) : null));
      const choose = index => {
        buttons.forEach((button, place) => {
          button.setAttribute("aria-selected", String(place === index));
          button.tabIndex = place === index ? 0 : -1;
        });
        const [name, count, content] = tabs[index];
        body.setAttribute("aria-label", name);
        body.replaceChildren(count === 0 ? make("p", { class: "hint" }, `No ${name.toLowerCase()}.`) : content());
      };
      buttons.forEach((button, index) => {
        button.addEventListener("click", () => { open.tab = tabs[index][0]; choose(index); });
        button.addEventListener("keydown", event => {
          const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
          if (!step) return;
          const next = (index + step + tabs.length) % tabs.length;
          buttons[next].click();
          buttons[next].focus();
        });
      });
      bar.append(...buttons);
      const place = entity.segment === document ? shown(document.get("origin") ?? "Segment")
        : `in ${shown(entity.segment.get("name") ?? "")}`;
      panel.replaceChildren(make("h2", {}, make("bdi", {}, $(".label", row).textContent)),
        make("p", { class: "hint" }, make("bdi", {}, place)),
        bar, body);
      const remembered = tabs.findIndex(([name]) => name === open.tab);
      choose(thrown.found.length && open.tab === "Overview" && !open.entities.seen ? 3 : Math.max(0, remembered));
      open.entities.seen = true;
    }
    route();
    """#
}
