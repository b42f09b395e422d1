import Traces

/// The figures of each service and each edge of a map, as templates that the page shows on demand.
struct ServiceMapDetails {
  private let drawing: ServiceMapDrawing
  private var graph: ServiceGraph { drawing.graph }

  init(_ drawing: ServiceMapDrawing) { self.drawing = drawing }

  func drawTemplates(into markup: inout Markup) {
    for (index, service) in graph.services.enumerated() {
      markup.element("template", ["data-for": "node-\(index)"]) { markup in
        markup.element("section") { markup in
          let (name, kind) = service.id.shownLines
          drawTitle(name, kind, into: &markup)
          markup.element(
            "button", ["type": "button", "class": "button", "data-service": service.id.name], text: "Show its traces")
        }
        draw(service.statistics, times: service.responseTimes, into: &markup)
      }
    }
    for (index, item) in drawing.edges.enumerated() {
      markup.element("template", ["data-for": "edge-\(index)"]) { markup in
        let (source, target) = (graph.services[item.source].id, graph.services[item.edge.target].id)
        markup.element("section") { markup in
          drawTitle(
            "\(source.shownLines.name) → \(target.shownLines.name)",
            item.edge.isLink ? "asynchronous, through a link" : "as the caller saw it", into: &markup)
          guard !item.edge.aliases.isEmpty else { return }
          markup.element("p", ["class": "hint"]) { markup in
            markup.text("Also called ")
            markup.element("bdi", text: item.edge.aliases.map(\.name).joined(separator: ", "))
          }
        }
        draw(item.edge.statistics, times: item.edge.responseTimes, into: &markup)
      }
    }
  }

  private func drawTitle(_ title: String, _ subtitle: String, into markup: inout Markup) {
    markup.element("h3") { $0.element("bdi", text: title) }
    markup.element("p", ["class": "hint"]) { $0.element("bdi", text: subtitle) }
  }

  private func draw(_ statistics: Statistics?, times: Histogram, into markup: inout Markup) {
    guard let statistics, let average = statistics.averageResponseTime else {
      markup.element("p", ["class": "hint"], text: "No completed requests.")
      return
    }
    markup.element("section") { markup in
      drawFigures(statistics, average: average, times: times, into: &markup)
    }
    drawDistribution(times, into: &markup)
  }

  private func drawFigures(_ statistics: Statistics, average: Double, times: Histogram, into markup: inout Markup) {
    markup.element("ul", ["class": "shares"]) { markup in
      for (status, count) in statistics.shares {
        let share = Double(count) / Double(statistics.total)
        markup.element("li") { markup in
          markup.status(status)
          markup.element("span", text: "\(Quantity.count(count)) · \(Quantity.share(share))")
        }
      }
    }
    let percentiles = [("Median", 0.5), ("95th percentile", 0.95), ("99th percentile", 0.99)]
    markup.element("dl", ["class": "facts"]) { markup in
      let figures =
        [
          ("Requests", Quantity.count(statistics.total)),
          ("Rate", Quantity.rate(statistics.total, over: drawing.window)),
          ("Average", Quantity.duration(average)),
        ]
        + percentiles.compactMap { label, fraction in times.percentile(fraction).map { (label, Quantity.duration($0)) }
        }
      for (label, value) in figures {
        markup.element("div") { markup in
          markup.element("dt", text: label)
          markup.element("dd", text: value)
        }
      }
    }
  }

  /// The response times in equal steps from 0 to the longest.
  private func drawDistribution(_ times: Histogram, into markup: inout Markup) {
    guard let longest = times.entries.last?.value, times.count > 1, longest > 0 else { return }
    var bins = Array(repeating: 0, count: 24)
    for entry in times.entries { bins[min(23, Int(entry.value / longest * 24))] += entry.count }
    let highest = Double(bins.max() ?? 1)
    markup.element("figure", ["class": "distribution"]) { markup in
      markup.element(
        "svg", ["viewBox": "0 0 240 56", "role": "img", "aria-label": "Distribution of response times"]
      ) { markup in
        for (place, count) in bins.enumerated() where count > 0 {
          let height = max(2, Double(count) / highest * 54)
          markup.empty(
            "rect",
            [
              "x": String(place * 10 + 1), "width": "8", "rx": "1.5", "y": Quantity.coordinate(56 - height),
              "height": Quantity.coordinate(height),
            ])
        }
      }
      markup.element("figcaption") { markup in
        markup.element("span", text: "0")
        markup.element("span", text: "response time")
        markup.element("span", text: Quantity.duration(longest))
      }
    }
  }
}
