import Testing
import XRayModel

@testable import TraceReports

@Suite struct `The layout of a service map` {
  typealias Layout = ServiceMapLayout

  /// Whether two cards share a point.
  private func overlap(_ a: Layout.Node, _ b: Layout.Node) -> Bool {
    abs(a.origin.x - b.origin.x) < Layout.cardWidth && abs(a.origin.y - b.origin.y) < Layout.cardHeight
  }

  private func randomGraph(_ random: RandomSource) -> (nodes: Int, edges: [(source: Int, target: Int)]) {
    let nodes = Int(random.next() % 40) + 1
    let edges = (0..<Int(random.next() % 80)).map { _ in
      (source: Int(random.next() % UInt64(nodes)), target: Int(random.next() % UInt64(nodes)))
    }
    return (nodes, edges)
  }

  @Test func `puts a chain from left to right on one line`() {
    let layout = Layout(nodeCount: 4, edges: [(0, 1), (1, 2), (2, 3)])
    #expect(layout.nodes.map(\.layer) == [0, 1, 2, 3])
    #expect(Set(layout.nodes.map(\.origin.y)).count == 1)
    #expect(layout.nodes.map(\.origin.x) == layout.nodes.map(\.origin.x).sorted())
    #expect(layout.edges.allSatisfy { $0.label != nil })
  }

  @Test func `uncrosses what can be drawn without crossings`() {
    var layers = MapLayers(nodeCount: 6, edges: [(0, 5), (1, 4), (2, 3)])
    #expect(layers.crossings() == 3)
    layers.reduceCrossings()
    #expect(layers.crossings() == 0)
  }

  @Test func `keeps cards apart and inside, and draws every edge, in any graph`() {
    let random = RandomSource(seed: 11)
    for _ in 0..<60 {
      let (count, edges) = randomGraph(random)
      let layout = Layout(nodeCount: count, edges: edges)
      #expect(layout.edges.map(\.source) == edges.map(\.source))
      #expect(layout.edges.map(\.target) == edges.map(\.target))
      for (index, node) in layout.nodes.enumerated() {
        #expect(node.origin.x >= 0 && node.origin.x + Layout.cardWidth <= layout.width)
        #expect(node.origin.y >= 0 && node.origin.y + Layout.cardHeight <= layout.height)
        #expect(!layout.nodes[..<index].contains { overlap($0, node) })
      }
    }
  }

  @Test func `starts and ends every edge at the sides of its cards`() {
    let random = RandomSource(seed: 12)
    for _ in 0..<40 {
      let (count, edges) = randomGraph(random)
      let layout = Layout(nodeCount: count, edges: edges)
      for edge in layout.edges where !edge.isLoop {
        for (point, node) in [(edge.points.first, edge.source), (edge.points.last, edge.target)] {
          let (point, origin) = (point ?? Layout.Point(x: -1, y: -1), layout.nodes[node].origin)
          #expect(point.x == origin.x || point.x == origin.x + Layout.cardWidth)
          #expect(point.y > origin.y && point.y < origin.y + Layout.cardHeight)
        }
      }
    }
  }

  @Test func `never leads an edge through the card of another node`() {
    let random = RandomSource(seed: 13)
    for _ in 0..<40 {
      let (count, edges) = randomGraph(random)
      let layout = Layout(nodeCount: count, edges: edges)
      for edge in layout.edges where !edge.isLoop {
        // Straight pieces cross the columns; the curves between them stay in the gaps.
        for index in stride(from: 1, to: edge.points.count - 1, by: 2) {
          let left = min(edge.points[index].x, edge.points[index + 1].x)
          let y = edge.points[index].y
          #expect(y == edge.points[index + 1].y)
          let hits = layout.nodes.filter {
            $0.origin.x == left && $0.origin.y < y && y < $0.origin.y + Layout.cardHeight
          }
          #expect(hits.isEmpty)
        }
      }
    }
  }

  @Test func `keeps labels apart and off the cards`() {
    let random = RandomSource(seed: 14)
    for _ in 0..<40 {
      let (count, edges) = randomGraph(random)
      let layout = Layout(nodeCount: count, edges: edges)
      let labels = layout.edges.compactMap(\.label)
      for (index, label) in labels.enumerated() {
        #expect(
          !labels[..<index].contains {
            abs($0.x - label.x) < Layout.labelWidth && abs($0.y - label.y) < Layout.labelHeight
          })
        #expect(
          layout.nodes.allSatisfy {
            label.x + Layout.labelWidth / 2 <= $0.origin.x
              || label.x - Layout.labelWidth / 2 >= $0.origin.x + Layout.cardWidth
          })
      }
    }
  }

  @Test func `draws cycles, pairs and loops`() {
    let layout = Layout(nodeCount: 3, edges: [(0, 1), (1, 0), (1, 2), (2, 1), (2, 2)])
    #expect(layout.nodes.map(\.layer) == [0, 1, 2])
    #expect(layout.edges[4].isLoop)
    #expect(layout.edges[0].points != Array(layout.edges[1].points.reversed()))
    #expect(layout.edges[1].points.first?.x == layout.nodes[1].origin.x)
  }

  @Test func `is the same every time`() {
    let (count, edges) = randomGraph(RandomSource(seed: 15))
    #expect(Layout(nodeCount: count, edges: edges) == Layout(nodeCount: count, edges: edges))
  }

  @Test func `takes two hundred services, long chains and none at all`() {
    let random = RandomSource(seed: 16)
    let edges = (1..<200).map { (source: Int(random.next() % UInt64($0)), target: $0) }
    #expect(Layout(nodeCount: 200, edges: edges).nodes.count == 200)
    let chain = (1..<200).map { (source: $0 - 1, target: $0) }
    #expect(Layout(nodeCount: 200, edges: chain + [(0, 199)]).nodes.map(\.layer) == Array(0..<200))
    #expect(Layout(nodeCount: 0, edges: []).nodes.isEmpty)
  }

  @Test func `spaces items as near to their wishes as their sizes allow`() {
    #expect(spaced([0, 0, 100], extents: [10, 10, 10]) == [-5, 5, 100])
    #expect(spaced([], extents: []) == [])
  }
}
