/// Where the nodes and edges of a service map go: callers on the left, what they call to their right.
///
/// Pure and repeatable: the same graph gives the same places. Cards never overlap, edges run between the columns and
/// around the cards, cycles are drawn as edges that lead back.
public struct ServiceMapLayout: Hashable, Sendable {
  public struct Point: Hashable, Sendable {
    public var x: Double
    public var y: Double
  }

  /// The card of a node.
  public struct Node: Hashable, Sendable {
    /// Column, counted from the left.
    public var layer: Int
    /// The upper left corner.
    public var origin: Point
  }

  public struct Edge: Hashable, Sendable {
    public var source: Int
    public var target: Int
    /// The points that the line runs through, from the source to the target. Between an even point and the next it
    /// curves from horizontal to horizontal; between an odd point and the next it is straight. A loop, from a node to
    /// itself, has the four points of one Bézier curve instead.
    public var points: [Point]
    /// The middle of the edge's label; `nil` where there is no room for one.
    public var label: Point?
    public var isLoop: Bool { source == target }
  }

  public private(set) var nodes: [Node]
  public private(set) var edges: [Edge]
  public private(set) var width: Double
  public private(set) var height: Double

  public static let cardWidth = 232.0
  public static let cardHeight = 64.0
  public static let labelWidth = 118.0
  public static let labelHeight = 18.0
  static let columnGap = 140.0
  static let margin = 24.0

  /// - Parameter edges: Pairs of node numbers below `nodeCount`; edges to elsewhere must not be passed.
  public init(nodeCount: Int, edges pairs: [(source: Int, target: Int)]) {
    var layers = MapLayers(nodeCount: nodeCount, edges: pairs)
    layers.reduceCrossings()
    let centers = layers.verticalCenters()
    let top = (0..<nodeCount).map { centers[$0] }.min() ?? 0
    let shift = Self.margin + Self.cardHeight / 2 - min(top, centers.min() ?? 0)
    nodes = (0..<nodeCount).map { node in
      Node(
        layer: layers.layer[node],
        origin: Point(x: Self.left(of: layers.layer[node]), y: centers[node] + shift - Self.cardHeight / 2))
    }
    edges = []
    width = Self.left(of: layers.members.count) - Self.columnGap + Self.margin
    height = (centers.max() ?? 0) + shift + Self.cardHeight / 2 + Self.margin
    if nodeCount == 0 { (width, height) = (Self.margin * 2, Self.margin * 2) }
    edges = route(pairs, through: layers, centers: centers.map { $0 + shift })
    placeLabels()
  }

  private static func left(of layer: Int) -> Double { margin + Double(layer) * (cardWidth + columnGap) }
}

// MARK: - Edges

extension ServiceMapLayout {
  private func route(
    _ pairs: [(source: Int, target: Int)], through layers: MapLayers, centers: [Double]
  ) -> [Edge] {
    let ports = ports(pairs, layers: layers, centers: centers)
    return pairs.indices.map { index in
      let (source, target) = pairs[index]
      if source == target { return Edge(source: source, target: target, points: loop(at: source)) }
      let chain = layers.chains[index]
      var points = [Point(x: nodes[chain.first].origin.x + Self.cardWidth, y: ports[index].out)]
      for bend in chain.bends {
        let left = Self.left(of: layers.layer[bend])
        points.append(Point(x: left, y: centers[bend]))
        points.append(Point(x: left + Self.cardWidth, y: centers[bend]))
      }
      points.append(Point(x: nodes[chain.last].origin.x, y: ports[index].in))
      return Edge(source: source, target: target, points: chain.isReversed ? points.reversed() : points)
    }
  }

  /// The heights at which each edge leaves its left card and enters its right one: spread over the card's side in
  /// the order of where the edges go.
  private func ports(
    _ pairs: [(source: Int, target: Int)], layers: MapLayers, centers: [Double]
  ) -> [(out: Double, in: Double)] {
    var leaving = Array(repeating: [(far: Double, edge: Int)](), count: nodes.count)
    var entering = leaving
    for (index, chain) in layers.chains.enumerated() where pairs[index].source != pairs[index].target {
      leaving[chain.first].append((centers[chain.bends.first ?? chain.last], index))
      entering[chain.last].append((centers[chain.bends.last ?? chain.first], index))
    }
    var ports = Array(repeating: (out: 0.0, in: 0.0), count: pairs.count)
    func spread(_ edges: [(far: Double, edge: Int)], around center: Double, assign: (Int, Double) -> Void) {
      let step = min(12, Self.cardHeight * 0.7 / Double(max(1, edges.count)))
      let sorted = edges.sorted { ($0.far, $0.edge) < ($1.far, $1.edge) }
      for (place, item) in sorted.enumerated() {
        assign(item.edge, center + (Double(place) - Double(edges.count - 1) / 2) * step)
      }
    }
    for node in nodes.indices {
      spread(leaving[node], around: centers[node]) { ports[$0].out = $1 }
      spread(entering[node], around: centers[node]) { ports[$0].in = $1 }
    }
    return ports
  }

  private func loop(at node: Int) -> [Point] {
    let (x, y) = (nodes[node].origin.x + Self.cardWidth, nodes[node].origin.y)
    return [
      Point(x: x - 24, y: y), Point(x: x - 20, y: y - 26), Point(x: x - 76, y: y - 26), Point(x: x - 72, y: y),
    ]
  }

  /// Puts each label in the middle of a gap between columns, on its line or close to it; what would need to go far
  /// is left out.
  private mutating func placeLabels() {
    var wishes: [Int: [(y: Double, edge: Int)]] = [:]
    var outgoing = Array(repeating: 0, count: nodes.count)
    var incoming = outgoing
    for edge in edges {
      outgoing[edge.source] += 1
      incoming[edge.target] += 1
    }
    for (index, edge) in edges.enumerated() where !edge.isLoop {
      // At the end where fewer lines meet, a label's line is easier to tell.
      let from = incoming[edge.target] > outgoing[edge.source] ? 0 : edge.points.count - 2
      let (a, b) = (edge.points[from], edge.points[from + 1])
      let gap = Int(((min(a.x, b.x) - Self.margin) / (Self.cardWidth + Self.columnGap)).rounded(.down))
      wishes[gap, default: []].append(((a.y + b.y) / 2, index))
    }
    for (gap, labels) in wishes {
      let x = Self.left(of: gap + 1) - Self.columnGap / 2
      let sorted = labels.sorted { ($0.y, $0.edge) < ($1.y, $1.edge) }
      let places = spaced(sorted.map(\.y), extents: sorted.map { _ in Self.labelHeight + 2 })
      for (place, label) in zip(places, sorted) where abs(place - label.y) <= Self.labelHeight * 1.5 {
        edges[label.edge].label = Point(x: x, y: place)
      }
    }
  }
}
