public import Traces

/// A trace's timeline as HTML: a tree of rows with name, code, status, duration and bar.
public struct TimelineDrawing: Sendable {
  public let layout: TimelineLayout

  public init(_ trace: Trace) { layout = TimelineLayout(trace) }

  /// An element of class `timeline` for a page that declares ``stylesheet`` and the colours. Rows carry their
  /// entity's id as `data-id`.
  public var fragment: String {
    var markup = Markup()
    let step = layout.ticks.count > 1 ? percent(layout.ticks[1] / layout.span) : "100%"
    markup.element(
      "div", ["class": "timeline", "role": "treegrid", "aria-label": "Timeline", "style": "--step:\(step)"]
    ) { markup in
      drawHead(into: &markup)
      for index in layout.rows.indices { draw(row: index, into: &markup) }
    }
    return markup.string
  }

  private func drawHead(into markup: inout Markup) {
    markup.element("div", ["class": "tl-head", "role": "row"]) { markup in
      for (name, title) in [("name", "Name"), ("code", "Code"), ("status", "Status"), ("duration", "Duration")] {
        markup.element("div", ["class": "tl-\(name)", "role": "columnheader"], text: title)
      }
      markup.element("div", ["class": "tl-bar", "role": "columnheader", "aria-label": "Time"]) { markup in
        for tick in layout.ticks {
          let share = layout.span > 0 ? tick / layout.span : 0
          // Close to the edge there is room for the line alone.
          markup.element(
            "span", ["class": "tick", "style": "left:\(percent(share))"],
            text: share > 0.82 ? "" : Quantity.tick(tick))
        }
      }
    }
  }

  private func draw(row index: Int, into markup: inout Markup) {
    let row = layout.rows[index]
    markup.element(
      "div",
      [
        "class": "tl-row \(row.status.rawValue) \(row.role.rawValue)", "role": "row",
        "data-id": row.entity.id.description,
        "data-descendants": String(row.descendants), "tabindex": index == 0 ? "0" : "-1",
        "aria-level": String(row.depth + 1), "aria-expanded": row.descendants > 0 ? "true" : nil,
      ]
    ) { markup in
      drawName(row, into: &markup)
      markup.element(
        "div", ["class": "tl-code", "role": "gridcell"],
        text: row.entity.http?.response?.status.map(String.init) ?? "")
      markup.element("div", ["class": "tl-status", "role": "gridcell"]) { $0.status(row.status) }
      markup.element(
        "div", ["class": "tl-duration", "role": "gridcell"],
        text: row.entity.duration.map(Quantity.duration) ?? "–")
      drawBar(row, into: &markup)
    }
  }

  private func drawName(_ row: TimelineLayout.Row, into markup: inout Markup) {
    let depth = min(row.depth, Self.indentationLimit)
    markup.element("div", ["class": "tl-name", "role": "gridcell", "style": "--depth:\(depth)"]) { markup in
      markup.element("span", ["class": row.descendants > 0 ? "twist" : "leaf", "aria-hidden": "true"]) { _ in }
      markup.element("bdi", ["class": "label", "title": row.entity.shownName], text: row.entity.shownName)
      if row.entity.kind == .segment, let origin = row.entity.origin {
        markup.element("bdi", ["class": "kind"], text: origin)
      } else if let operation = row.entity.aws["operation"]?.string {
        markup.element("bdi", ["class": "kind"], text: operation)
      }
      if let tag = row.role.tag { markup.element("span", ["class": "tag \(row.role.rawValue)"], text: tag) }
      if let (text, title) = LinkedTrace.tag(row.entity.links) {
        markup.element("span", ["class": "tag linked", "title": title], text: text)
      }
      if let excess = layout.secondsAfterParent(row) {
        markup.element(
          "span", ["class": "tag late", "title": "Goes on \(Quantity.duration(excess)) after its parent ended"],
          text: "+\(Quantity.duration(excess))")
      }
    }
  }

  private func drawBar(_ row: TimelineLayout.Row, into markup: inout Markup) {
    markup.element("div", ["class": "tl-bar", "role": "gridcell"]) { markup in
      let width = row.bar.upperBound - row.bar.lowerBound
      markup.element(
        "span",
        [
          "class": row.isOpen ? "bar open" : "bar",
          "style": "left:\(percent(row.bar.lowerBound));width:\(percent(width))",
        ]
      ) { _ in }
      if let end = row.parentEnd {
        markup.element(
          "span", ["class": "parent-end", "style": "left:\(percent(end))", "title": "The parent ended here"]
        ) { _ in }
      }
    }
  }

  private func percent(_ share: Double) -> String { "\(Quantity.coordinate(share * 100, places: 3))%" }

  /// Deeper rows are not moved further to the right: their names must stay readable.
  static let indentationLimit = 14
}

extension TimelineLayout {
  /// Seconds from the end of the row's parent to its own, when it is the later one.
  func secondsAfterParent(_ row: Row) -> Double? {
    guard row.parentEnd != nil, let end = row.entity.end, let parent = row.parent,
      let parentEnd = rows[parent].entity.end
    else { return nil }
    return parentEnd.duration(to: end).inSeconds
  }
}

extension TimelineLayout.Role {
  /// A word for what the name alone may not tell.
  var tag: String? {
    switch self {
    case .coldStart: "cold start"
    case .dwell: "waiting"
    case .inferred: "inferred"
    case .segment, .subsegment, .call, .attempt: nil
    }
  }
}

extension Markup {
  /// A status by symbol, word and colour.
  mutating func status(_ status: Status) {
    element("span", ["class": "status \(status.rawValue)"]) { markup in
      markup.element("span", ["class": "symbol", "aria-hidden": "true"], text: status.symbol)
      markup.element("span", ["class": "word"], text: status.label)
    }
  }
}
