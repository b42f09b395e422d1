import Traces
import XRayModel

extension HTMLReport {
  // MARK: Summary

  func drawSummary(_ entries: [TraceEntry], into markup: inout Markup) {
    markup.element("div", ["class": "summary"]) { markup in
      markup.element("section", ["class": "panel", "aria-labelledby": "run"]) { markup in
        markup.element("h2", ["id": "run"], text: "Run")
        drawTiles(entries, into: &markup)
        guard !facts.isEmpty else { return }
        markup.element("dl", ["class": "facts"]) { markup in
          for fact in facts {
            markup.element("div") { markup in
              markup.element("dt", text: fact.label)
              markup.element("dd") { $0.element("bdi", text: fact.value) }
            }
          }
        }
      }
      if let ledger { drawLedger(ledger, into: &markup) }
    }
  }

  private func drawTiles(_ entries: [TraceEntry], into markup: inout Markup) {
    let counts = Dictionary(grouping: entries, by: \.status).mapValues(\.count)
    let times = Histogram(values: entries.map(\.seconds))
    var tiles = [("", "Traces", Quantity.count(traces.count))]
    for status in Status.allCases where status == .ok || counts[status] != nil {
      tiles.append((status.rawValue, "\(status.symbol) \(status.label)", Quantity.count(counts[status] ?? 0)))
    }
    tiles.append(("", "Cold starts", Quantity.count(entries.count(where: \.isColdStart))))
    for (label, fraction) in [("Median", 0.5), ("95th percentile", 0.95)] {
      if let seconds = times.percentile(fraction) { tiles.append(("", label, Quantity.duration(seconds))) }
    }
    markup.element("ul", ["class": "tiles"]) { markup in
      for (status, label, value) in tiles {
        markup.element("li", ["class": "tile \(status)"]) { markup in
          markup.element("span", ["class": "value"], text: value)
          markup.element("span", ["class": "label"], text: label)
        }
      }
    }
  }

  // MARK: Ledger

  private func drawLedger(_ ledger: Ledger, into markup: inout Markup) {
    markup.element("section", ["class": "panel", "aria-labelledby": "ledger"]) { markup in
      markup.element("h2", ["id": "ledger"], text: "Loss ledger")
      let gaps = ledger.gaps
      markup.element("p", ["class": gaps.isEmpty ? "verdict ok" : "verdict fault"]) { markup in
        markup.text(
          gaps.isEmpty
            ? "✓ Every document is accounted for: stored, rejected, dropped or held."
            : "✕ The counts do not add up: "
              + gaps.keys.sorted().map { "\($0) \(gaps[$0] ?? 0)" }.joined(separator: ", ") + ".")
      }
      markup.element("div", ["class": "table-scroll"]) { markup in
        markup.element("table") { markup in
          markup.element("thead") { markup in
            markup.element("tr") { markup in
              for column in ["Hop", "Received", "Passed on", "Rejected", "Dropped", "Held", "Balanced"] {
                markup.element("th", ["scope": "col"], text: column)
              }
            }
          }
          markup.element("tbody") { markup in for hop in ledger.hops { draw(hop, into: &markup) } }
        }
      }
    }
  }

  private func draw(_ hop: LedgerHop, into markup: inout Markup) {
    markup.element("tr") { markup in
      markup.element("th", ["scope": "row"]) { $0.element("bdi", text: hop.name) }
      markup.element("td", text: Quantity.count(hop.received))
      markup.element("td", text: Quantity.count(hop.passedOn))
      for reasons in [hop.rejected, hop.dropped] {
        markup.element("td") { markup in
          markup.text(Quantity.count(reasons.values.reduce(0, +)))
          for reason in reasons.keys.sorted() where reasons[reason] != 0 {
            markup.element("small", text: "\(reason) \(Quantity.count(reasons[reason] ?? 0))")
          }
        }
      }
      markup.element("td", text: Quantity.count(hop.held))
      markup.element("td") { markup in
        markup.element(
          "span", ["class": hop.isBalanced ? "status ok" : "status fault"], text: hop.isBalanced ? "✓ yes" : "✕ no")
      }
    }
  }

  // MARK: Map

  func drawMap(into markup: inout Markup) {
    markup.element("section", ["class": "panel", "id": "service-map", "aria-labelledby": "map-title"]) { markup in
      markup.element("div", ["class": "panel-head"]) { markup in
        markup.element("h2", ["id": "map-title"], text: "Service map")
        markup.element("p", ["class": "legend", "aria-label": "Legend"]) { markup in
          for status in Status.allCases where status != .inProgress { markup.status(status) }
        }
        guard !graph.services.isEmpty else { return }
        markup.element("div", ["class": "buttons"]) { markup in
          for (zoom, label, text) in [("out", "Zoom out", "−"), ("fit", "Fit to width", "Fit"), ("in", "Zoom in", "+")]
          {
            markup.element(
              "button", ["type": "button", "class": "quiet", "data-zoom": zoom, "aria-label": label], text: text)
          }
        }
      }
      guard !graph.services.isEmpty else {
        markup.element("p", ["class": "empty"], text: "No service has sent a segment yet.")
        return
      }
      let drawing = ServiceMapDrawing(graph)
      markup.element("div", ["class": "map-body"]) { markup in
        markup.element("div", ["class": "map-scroll"]) { $0.verbatim(drawing.fragment(isInteractive: true)) }
        markup.element("div", ["class": "map-details", "aria-live": "polite"]) { markup in
          markup.element("p", ["class": "hint"], text: "Choose a service or an arrow to see its figures.")
        }
      }
      ServiceMapDetails(drawing).drawTemplates(into: &markup)
    }
  }

  // MARK: List

  func drawList(_ entries: [TraceEntry], into markup: inout Markup) {
    markup.element("section", ["class": "panel", "id": "traces", "aria-labelledby": "traces-title"]) { markup in
      markup.element("div", ["class": "panel-head"]) { markup in
        markup.element("h2", ["id": "traces-title"], text: "Traces")
        markup.element("p", ["id": "shown", "class": "hint", "role": "status"], text: "\(entries.count) traces")
      }
      guard !entries.isEmpty else {
        markup.element("p", ["class": "empty"], text: "No trace was recorded.")
        return
      }
      if traces.count > entries.count {
        markup.element(
          "p", ["class": "note"],
          text: "The newest \(Quantity.count(entries.count)) of \(Quantity.count(traces.count)) traces. "
            + "The other files of the run hold all of them.")
      }
      drawFilters(entries, into: &markup)
      // A few very long traces must not make all other bars vanish.
      let scale = Histogram(values: entries.map(\.seconds)).percentile(0.9) ?? 0
      markup.element("ol", ["class": "traces", "id": "list"]) { markup in
        for entry in entries { entry.drawRow(scale: scale, into: &markup) }
      }
      markup.element("p", ["class": "empty", "id": "none", "hidden": ""], text: "No trace matches the filter.")
    }
  }

  private func drawFilters(_ entries: [TraceEntry], into markup: inout Markup) {
    let counts = Dictionary(grouping: entries, by: \.status).mapValues(\.count)
    markup.element("div", ["class": "filters", "role": "search"]) { markup in
      markup.empty(
        "input",
        [
          "type": "search", "id": "filter", "aria-label": "Filter traces", "autocomplete": "off", "spellcheck": "false",
          "placeholder": "Filter: name, URL, annotation=value, exception, trace id",
        ])
      markup.element("div", ["class": "chips"]) { markup in
        for status in Status.allCases where counts[status] != nil {
          markup.element(
            "button", ["type": "button", "class": "chip", "data-status": status.rawValue, "aria-pressed": "false"]
          ) { markup in
            markup.status(status)
            markup.element("span", ["class": "count"], text: String(counts[status] ?? 0))
          }
        }
      }
      let names = Set(entries.compactMap(\.scenario)).sorted()
      if !names.isEmpty {
        markup.element("select", ["id": "scenario", "aria-label": "Scenario"]) { markup in
          markup.element("option", ["value": ""], text: "All scenarios")
          for name in names { markup.element("option", ["value": name], text: name) }
        }
      }
      markup.element("select", ["id": "sort", "aria-label": "Order"]) { markup in
        for (value, text) in [("newest", "Newest first"), ("oldest", "Oldest first"), ("longest", "Longest first")] {
          markup.element("option", ["value": value], text: text)
        }
      }
      markup.element("button", ["type": "button", "id": "service-filter", "class": "chip", "hidden": ""]) { _ in }
    }
  }
}
