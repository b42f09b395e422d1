public import Traces

/// A service graph as a picture: a card for each service with its health as a ring, an arrow for each kind of call
/// with its rate and average latency.
public struct ServiceMapDrawing: Sendable {
  public let graph: ServiceGraph
  public let layout: ServiceMapLayout
  let edges: [(source: Int, edge: ServiceGraph.Edge)]

  public init(_ graph: ServiceGraph) {
    self.graph = graph
    edges = graph.services.enumerated().flatMap { source, service in
      service.edges.filter { graph.services.indices.contains($0.target) }.map { (source, $0) }
    }
    layout = ServiceMapLayout(
      nodeCount: graph.services.count, edges: edges.map { (source: $0.source, target: $0.edge.target) })
  }

  /// A file of its own, for light and dark surroundings.
  public var svg: String {
    let dark = "@media (prefers-color-scheme: dark){\(Self.style(.dark))}"
    return #"<?xml version="1.0" encoding="UTF-8"?>"# + "\n"
      + drawing(isInteractive: false, style: Self.style(.light) + dark) + "\n"
  }

  /// An `svg` element for a page that declares ``stylesheet``.
  ///
  /// - Parameter isInteractive: Whether nodes and edges can take the keyboard's focus and carry their numbers as
  ///   `data-node` and `data-edge`; edges are numbered in the order of their services.
  public func fragment(isInteractive: Bool) -> String { drawing(isInteractive: isInteractive, style: nil) }

  /// The rules that ``fragment(isInteractive:)`` needs; colours are custom properties such as `--fault`.
  public static var stylesheet: String { style(.variables) }

  /// Seconds that the graph covers: what rates refer to.
  var window: Double { graph.start.duration(to: graph.end).inSeconds }

  private func drawing(isInteractive: Bool, style: String?) -> String {
    var markup = Markup()
    let size = (Quantity.coordinate(layout.width.rounded(.up)), Quantity.coordinate(layout.height.rounded(.up)))
    markup.element(
      "svg",
      [
        "xmlns": style == nil ? nil : "http://www.w3.org/2000/svg", "class": "service-map",
        "viewBox": "0 0 \(size.0) \(size.1)", "width": size.0, "height": size.1,
        "role": isInteractive ? "group" : "img", "aria-label": "Service map",
      ]
    ) { markup in
      if let style {
        // The style holds no text from outside, and neither `<` nor `&`.
        markup.element("style") { $0.verbatim(style) }
        markup.empty("rect", ["class": "ground", "width": "100%", "height": "100%"])
      }
      for index in edges.indices { draw(edge: index, isInteractive: isInteractive, into: &markup) }
      for index in edges.indices { drawLabel(ofEdge: index, into: &markup) }
      for index in graph.services.indices { draw(node: index, isInteractive: isInteractive, into: &markup) }
    }
    return markup.string
  }

  private static func style(_ scheme: Palette.Scheme) -> String {
    func color(_ palette: Palette) -> String { palette.value(scheme) }
    let statuses = Status.allCases.map { status in
      let value = color(status.color)
      return """
        .service-map .arc.\(status.rawValue){stroke:\(value)}\
        .service-map .share.\(status.rawValue){fill:\(value)}\
        .service-map .edge.\(status.rawValue) .wire{stroke:\(value)}\
        .service-map .edge.\(status.rawValue) .head{fill:\(value)}
        """
    }
    return """
      .service-map{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;display:block}\
      .service-map .ground{fill:\(color(.background))}\
      .service-map .card{fill:\(color(.surface));stroke:\(color(.line));stroke-width:1}\
      .service-map .wire{fill:none;stroke:\(color(.muted));stroke-width:1.5;stroke-opacity:.75}\
      .service-map .link .wire{stroke-dasharray:5 4}\
      .service-map .head{fill:\(color(.muted))}\
      .service-map .reach{fill:none;stroke:transparent;stroke-width:14}\
      .service-map .pill{fill:\(color(.background));fill-opacity:.92}\
      .service-map .rate{fill:\(color(.muted));font-size:11px;text-anchor:middle}\
      .service-map .track{fill:none;stroke:\(color(.line));stroke-width:5}\
      .service-map .none{stroke-dasharray:3 3;stroke-width:2}\
      .service-map .arc{fill:none;stroke-width:5}\
      .service-map .glyph{fill:\(color(.muted));font-size:12px;font-weight:650;text-anchor:middle}\
      .service-map .name{fill:\(color(.text));font-size:13px;font-weight:650}\
      .service-map .kind,.service-map .figures{fill:\(color(.muted));font-size:11px}\
      .service-map .share{font-weight:650}
      """ + statuses.joined()
  }
}

extension Status {
  var color: Palette {
    switch self {
    case .ok: .ok
    case .error: .error
    case .throttle: .throttle
    case .fault: .fault
    case .inProgress: .pending
    }
  }
}
