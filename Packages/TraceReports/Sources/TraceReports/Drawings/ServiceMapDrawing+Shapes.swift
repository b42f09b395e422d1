import Traces

extension ServiceMapDrawing {
  // MARK: Nodes

  func draw(node index: Int, isInteractive: Bool, into markup: inout Markup) {
    let service = graph.services[index]
    let origin = layout.nodes[index].origin
    let description = description(ofNode: index)
    markup.element(
      "g",
      [
        "class": "node", "transform": "translate(\(pair(origin)))",
        "data-node": isInteractive ? String(index) : nil, "tabindex": isInteractive ? "0" : nil,
        "role": isInteractive ? "button" : nil, "aria-label": isInteractive ? description : nil,
      ]
    ) { markup in
      markup.element("title", text: description)
      markup.empty(
        "rect",
        [
          "class": "card", "width": Quantity.coordinate(ServiceMapLayout.cardWidth),
          "height": Quantity.coordinate(ServiceMapLayout.cardHeight), "rx": "12",
        ])
      drawRing(service.statistics, into: &markup)
      if service.id.type == ServiceID.clientType {
        // Head and shoulders.
        markup.empty(
          "path", ["class": "glyph", "d": "M34,21a5,5 0 1 0 .01,0ZM24.5,42c0,-5.5 4,-8.5 9.5,-8.5s9.5,3 9.5,8.5Z"])
      } else {
        markup.element("text", ["class": "glyph", "x": "34", "y": "36.5"], text: service.id.glyph)
      }
      let (name, kind) = service.id.shownLines
      markup.element("text", ["class": "name", "x": "65", "y": "23"], text: name.shortened(to: 19))
      markup.element("text", ["class": "kind", "x": "65", "y": "38"], text: kind.shortened(to: 26))
      markup.element("text", ["class": "figures", "x": "65", "y": "53"]) { markup in
        drawFigures(service.statistics, into: &markup)
      }
    }
  }

  /// The ring shows the share of each outcome, clockwise from the top, the gravest first.
  private func drawRing(_ statistics: Statistics?, into markup: inout Markup) {
    let isEmpty = (statistics?.total ?? 0) == 0
    markup.empty("circle", ["class": isEmpty ? "track none" : "track", "cx": "34", "cy": "32", "r": "21"])
    guard let statistics, !isEmpty else { return }
    let shares = statistics.shares
    var begun = 0.0
    for (status, count) in shares {
      let length = Double(count) / Double(statistics.total) * 100
      let gap = shares.count > 1 ? min(1.5, length / 2) : 0
      markup.empty(
        "circle",
        [
          "class": "arc \(status.rawValue)", "cx": "34", "cy": "32", "r": "21", "pathLength": "100",
          "stroke-dasharray": "\(Quantity.coordinate(length - gap)) \(Quantity.coordinate(100 - length + gap))",
          "stroke-dashoffset": Quantity.coordinate(-begun), "transform": "rotate(-90 34 32)",
        ])
      begun += length
    }
  }

  private func drawFigures(_ statistics: Statistics?, into markup: inout Markup) {
    guard let statistics, let average = statistics.averageResponseTime else {
      markup.text(statistics == nil ? "" : "no completed calls")
      return
    }
    markup.text("\(Quantity.duration(average)) · \(Quantity.rate(statistics.total, over: window))")
    guard let problem = statistics.problem, let count = statistics.shares.first?.count else { return }
    let share = Quantity.share(Double(count) / Double(statistics.total))
    markup.text(" ")
    markup.element("tspan", ["class": "share \(problem.rawValue)"], text: "\(problem.symbol) \(share)")
  }

  /// All that a card says and what it has no room for, in a sentence.
  func description(ofNode index: Int) -> String {
    let service = graph.services[index]
    let kind = service.id.type.map { ", \($0)" } ?? ""
    return service.id.name + kind + description(of: service.statistics)
  }

  // MARK: Edges

  func draw(edge index: Int, isInteractive: Bool, into markup: inout Markup) {
    let (_, edge) = edges[index]
    let problem = edge.statistics.problem.map { " \($0.rawValue)" } ?? ""
    let description = description(ofEdge: index)
    markup.element(
      "g",
      [
        "class": "edge\(problem)\(edge.isLink ? " link" : "")", "data-edge": isInteractive ? String(index) : nil,
        "tabindex": isInteractive ? "0" : nil, "role": isInteractive ? "button" : nil,
        "aria-label": isInteractive ? description : nil,
      ]
    ) { markup in
      markup.element("title", text: description)
      let path = path(of: layout.edges[index])
      markup.empty("path", ["class": "wire", "d": path.line])
      markup.empty("path", ["class": "head", "d": path.head])
      markup.empty("path", ["class": "reach", "d": path.line])
    }
  }

  func drawLabel(ofEdge index: Int, into markup: inout Markup) {
    guard let label = layout.edges[index].label else { return }
    let statistics = edges[index].edge.statistics
    guard let average = statistics.averageResponseTime else { return }
    let text = "\(Quantity.rate(statistics.total, over: window)) · \(Quantity.duration(average))"
    let width = min(ServiceMapLayout.labelWidth, Double(text.cells) * 6 + 8)
    markup.empty(
      "rect",
      [
        "class": "pill", "x": Quantity.coordinate(label.x - width / 2),
        "y": Quantity.coordinate(label.y - ServiceMapLayout.labelHeight / 2), "width": Quantity.coordinate(width),
        "height": Quantity.coordinate(ServiceMapLayout.labelHeight), "rx": "9",
      ])
    markup.element(
      "text",
      ["class": "rate", "x": Quantity.coordinate(label.x), "y": Quantity.coordinate(label.y + 3.8)],
      text: text)
  }

  func description(ofEdge index: Int) -> String {
    let (source, edge) = edges[index]
    let from = graph.services[source].id
    let to = graph.services[edge.target].id
    let kind = from.name == to.name ? to.type.map { " (\($0))" } ?? "" : ""
    return "\(from.shownLines.name) to \(to.name)\(kind)\(edge.isLink ? ", asynchronous" : "")"
      + description(of: edge.statistics)
  }

  private func description(of statistics: Statistics?) -> String {
    guard let statistics, let average = statistics.averageResponseTime else { return "" }
    let problems = statistics.shares.filter { $0.status != .ok }.map { status, count in
      ", \(Quantity.share(Double(count) / Double(statistics.total))) \(status.label.lowercased())"
    }
    return ": \(Quantity.rate(statistics.total, over: window)), average \(Quantity.duration(average))"
      + problems.joined()
  }

  /// The line up to the arrow's head, and the head.
  private func path(of edge: ServiceMapLayout.Edge) -> (line: String, head: String) {
    let points = edge.points
    if edge.isLoop {
      let line = "M\(pair(points[0]))C\(pair(points[1])) \(pair(points[2])) \(pair(points[3]))"
      let tip = points[3]
      return (line, head(at: tip, along: (0.3, 0.95)))
    }
    var line = "M\(pair(points[0]))"
    for index in 1..<points.count {
      let (a, b) = (points[index - 1], points[index])
      if index.isMultiple(of: 2) {
        line += "L\(pair(b))"
      } else {
        let middle = (a.x + b.x) / 2
        line += "C\(pair(.init(x: middle, y: a.y))) \(pair(.init(x: middle, y: b.y))) \(pair(b))"
      }
    }
    let isForward = points[points.count - 1].x >= points[points.count - 2].x
    return (line, head(at: points[points.count - 1], along: (isForward ? 1 : -1, 0)))
  }

  private func head(at tip: ServiceMapLayout.Point, along direction: (x: Double, y: Double)) -> String {
    let base = ServiceMapLayout.Point(x: tip.x - direction.x * 9, y: tip.y - direction.y * 9)
    let a = ServiceMapLayout.Point(x: base.x - direction.y * 4, y: base.y + direction.x * 4)
    let b = ServiceMapLayout.Point(x: base.x + direction.y * 4, y: base.y - direction.x * 4)
    return "M\(pair(tip))L\(pair(a))L\(pair(b))Z"
  }

  private func pair(_ point: ServiceMapLayout.Point) -> String {
    "\(Quantity.coordinate(point.x)),\(Quantity.coordinate(point.y))"
  }
}

extension ServiceID {
  /// Name and kind as a card shows them.
  var shownLines: (name: String, kind: String) {
    type == Self.clientType ? ("Client", "of \(name)") : (name, type ?? "service")
  }

  /// Two or three letters for what kind of node it is.
  var glyph: String {
    switch type {
    case Self.remoteType: "web"
    case "AWS::Lambda", "AWS::Lambda::Function": "λ"
    case "Database::SQL": "SQL"
    case let type? where type.hasPrefix("AWS::"):
      Self.glyph(of: String(type.dropFirst(5).prefix { $0 != ":" }))
    default: "svc"
    }
  }

  private static func glyph(of service: String) -> String { glyphs[service] ?? String(service.prefix(3)) }

  private static let glyphs = [
    "ApiGateway": "API", "DynamoDB": "DDB", "Kinesis": "KDS", "SecretsManager": "SEC", "Events": "EVB", "Sfn": "SFN",
    "StepFunctions": "SFN", "AppSync": "GQL", "ElasticBeanstalk": "EB",
  ]
}
