/// The columns of a service map: which node stands in which, in what order, and where long edges pass through.
///
/// Vertices below the node count are nodes; the others are bends, where an edge passes a column between its ends.
struct MapLayers {
  /// An edge as it runs from left to right.
  struct Chain {
    var first: Int
    var last: Int
    /// One for each column between the two.
    var bends: [Int] = []
    /// Whether it leads from right to left in truth.
    var isReversed = false
  }

  let nodeCount: Int
  /// The column of every vertex.
  private(set) var layer: [Int]
  /// The vertices of every column, from top to bottom.
  private(set) var members: [[Int]] = []
  /// By edge. A loop's has the same ends.
  private(set) var chains: [Chain]
  private var left: [[Int]] = []
  private var right: [[Int]] = []

  /// Edges beyond this many bends cross the columns as they are: a bound on time and memory for maps so dense
  /// that nobody could follow their lines anyway.
  static let bendLimit = 20_000

  init(nodeCount: Int, edges: [(source: Int, target: Int)]) {
    self.nodeCount = nodeCount
    let (order, reversed) = Self.leftToRight(nodeCount: nodeCount, edges: edges)
    chains = zip(edges, reversed).map { edge, isReversed in
      isReversed
        ? Chain(first: edge.target, last: edge.source, isReversed: true)
        : Chain(first: edge.source, last: edge.target)
    }
    layer = Array(repeating: 0, count: nodeCount)
    var successors = Array(repeating: [Int](), count: nodeCount)
    for chain in chains where chain.first != chain.last { successors[chain.first].append(chain.last) }
    for node in order {
      for next in successors[node] { layer[next] = max(layer[next], layer[node] + 1) }
    }
    addBends()
    members = Array(repeating: [], count: (layer.max() ?? -1) + 1)
    for vertex in layer.indices { members[layer[vertex]].append(vertex) }
  }

  /// An order of the nodes in which every edge leads on, once those marked are turned around: a depth-first walk
  /// from the nodes that nobody calls, in which an edge back to an open node is a cycle's.
  private static func leftToRight(
    nodeCount: Int, edges: [(source: Int, target: Int)]
  ) -> (order: [Int], reversed: [Bool]) {
    var outgoing = Array(repeating: [Int](), count: nodeCount)
    var isCalled = Array(repeating: false, count: nodeCount)
    for (index, edge) in edges.enumerated() where edge.source != edge.target {
      outgoing[edge.source].append(index)
      isCalled[edge.target] = true
    }
    enum Mark { case new, open, done }
    var marks = Array(repeating: Mark.new, count: nodeCount)
    var reversed = Array(repeating: false, count: edges.count)
    var finished: [Int] = []
    var stack: [(node: Int, next: Int)] = []
    for start in (0..<nodeCount).filter({ !isCalled[$0] }) + (0..<nodeCount) where marks[start] == .new {
      marks[start] = .open
      stack.append((start, 0))
      while let (node, next) = stack.last {
        guard next < outgoing[node].count else {
          marks[node] = .done
          finished.append(node)
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        let edge = outgoing[node][next]
        switch marks[edges[edge].target] {
        case .open: reversed[edge] = true
        case .done: break
        case .new:
          marks[edges[edge].target] = .open
          stack.append((edges[edge].target, 0))
        }
      }
    }
    return (finished.reversed(), reversed)
  }

  private mutating func addBends() {
    left = Array(repeating: [], count: nodeCount)
    right = left
    for index in chains.indices where chains[index].first != chains[index].last {
      let between = (layer[chains[index].first] + 1)..<max(layer[chains[index].first] + 1, layer[chains[index].last])
      guard layer.count - nodeCount + between.count <= Self.bendLimit else { continue }
      var previous = chains[index].first
      for column in between {
        let bend = layer.count
        layer.append(column)
        left.append([])
        right.append([])
        chains[index].bends.append(bend)
        connect(previous, bend)
        previous = bend
      }
      connect(previous, chains[index].last)
    }
  }

  private mutating func connect(_ a: Int, _ b: Int) {
    right[a].append(b)
    left[b].append(a)
  }
}

// MARK: - Order within the columns

extension MapLayers {
  /// Sweeps right and left, sorting each column by where its neighbours stand, and keeps the order with the
  /// fewest crossings.
  mutating func reduceCrossings() {
    var places = places()
    var best = (members: members, crossings: crossings())
    for sweep in 0..<12 where best.crossings > 0 {
      let isRightward = sweep.isMultiple(of: 2)
      let columns = Array(isRightward ? Array(members.indices) : members.indices.reversed())
      for column in columns.dropFirst() { sortColumn(column, by: isRightward ? left : right, &places) }
      let count = crossings()
      if count < best.crossings { best = (members, count) }
    }
    members = best.members
  }

  private mutating func sortColumn(_ column: Int, by neighbours: [[Int]], _ places: inout [Int]) {
    let keyed = members[column].enumerated().map { place, vertex in
      let near = neighbours[vertex]
      let mean = near.isEmpty ? Double(place) : Double(near.reduce(0) { $0 + places[$1] }) / Double(near.count)
      return (mean: mean, place: place, vertex: vertex)
    }
    members[column] = keyed.sorted { ($0.mean, $0.place) < ($1.mean, $1.place) }.map(\.vertex)
    for (place, vertex) in members[column].enumerated() { places[vertex] = place }
  }

  private func places() -> [Int] {
    var places = Array(repeating: 0, count: layer.count)
    for column in members {
      for (place, vertex) in column.enumerated() { places[vertex] = place }
    }
    return places
  }

  /// Pairs of edges that cross between neighbouring columns, counted with a binary indexed tree.
  func crossings() -> Int {
    let places = places()
    var total = 0
    for column in members {
      var size = 1
      var ends: [Int] = []
      for vertex in column {
        let targets = right[vertex].map { places[$0] }.sorted()
        size = max(size, (targets.last ?? 0) + 1)
        ends += targets
      }
      var tree = Array(repeating: 0, count: size + 1)
      for (seen, end) in ends.enumerated() {
        var index = end + 1
        var notBeyond = 0
        while index > 0 {
          notBeyond += tree[index]
          index &= index - 1
        }
        total += seen - notBeyond
        index = end + 1
        while index <= size {
          tree[index] += 1
          index += index & -index
        }
      }
    }
    return total
  }

  /// The middle of every vertex: as near to its neighbours' as the order and the sizes of its column allow.
  func verticalCenters() -> [Double] {
    var centers = Array(repeating: 0.0, count: layer.count)
    for column in members {
      for (vertex, center) in zip(column, spaced(column.map { _ in 0 }, extents: column.map(extent))) {
        centers[vertex] = center
      }
    }
    for pass in 0..<8 {
      let isRightward = pass.isMultiple(of: 2)
      let neighbours = isRightward ? left : right
      for column in isRightward ? members : members.reversed() {
        let wishes = column.map { vertex in
          let near = neighbours[vertex]
          return near.isEmpty ? centers[vertex] : near.reduce(0) { $0 + centers[$1] } / Double(near.count)
        }
        for (vertex, center) in zip(column, spaced(wishes, extents: column.map(extent))) { centers[vertex] = center }
      }
    }
    return centers
  }

  private func extent(of vertex: Int) -> Double { vertex < nodeCount ? ServiceMapLayout.cardHeight + 34 : 22 }
}

/// Places items in their order as near to their wishes as their sizes allow: least squares, by pooling neighbours
/// that would overlap.
func spaced(_ wishes: [Double], extents: [Double]) -> [Double] {
  var offsets: [Double] = []
  var offset = 0.0
  for (index, extent) in extents.enumerated() {
    if index > 0 { offset += (extents[index - 1] + extent) / 2 }
    offsets.append(offset)
  }
  var pools: [(mean: Double, count: Int)] = []
  for (wish, offset) in zip(wishes, offsets) {
    var pool = (mean: wish - offset, count: 1)
    while let last = pools.last, last.mean > pool.mean {
      let count = last.count + pool.count
      pool = ((last.mean * Double(last.count) + pool.mean * Double(pool.count)) / Double(count), count)
      pools.removeLast()
    }
    pools.append(pool)
  }
  let bases = pools.flatMap { pool in repeatElement(pool.mean, count: pool.count) }
  return zip(bases, offsets).map(+)
}
