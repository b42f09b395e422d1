public import Traces

/// A service graph for a terminal: a tree of who calls whom, each service described once.
public struct TextServiceMap: Sendable {
  private let graph: ServiceGraph
  private let style: TerminalStyle
  private let width: Int

  /// - Parameters:
  ///   - width: Cells of the terminal; at least 60 are used.
  ///   - isColored: Whether to use ANSI escape codes.
  public init(_ graph: ServiceGraph, width: Int = 100, isColored: Bool = false) {
    self.graph = graph
    style = TerminalStyle(isColored: isColored)
    self.width = min(max(width, 60), 1000)
  }

  private struct Visit {
    var service: Int
    var edge: ServiceGraph.Edge?
    /// Whether each of the nearest ancestors, and the service itself, is the last of its siblings.
    var lineage: [Bool]
  }

  /// Lines, each ended by a line feed.
  public var text: String {
    guard !graph.services.isEmpty else { return "No services.\n" }
    var text = ""
    var isShown = Array(repeating: false, count: graph.services.count)
    var isCalled = isShown
    for service in graph.services {
      for edge in service.edges where graph.services.indices.contains(edge.target) { isCalled[edge.target] = true }
    }
    let starts = isCalled.indices.filter { !isCalled[$0] } + Array(isCalled.indices)
    for start in starts where !isShown[start] {
      var stack = [Visit(service: start, edge: nil, lineage: [])]
      while let visit = stack.popLast() {
        text += line(visit, isRepeated: isShown[visit.service]) + "\n"
        guard !isShown[visit.service] else { continue }
        isShown[visit.service] = true
        let edges = graph.services[visit.service].edges.filter { graph.services.indices.contains($0.target) }
        for (offset, edge) in edges.enumerated().reversed() {
          stack.append(
            Visit(
              service: edge.target, edge: edge,
              lineage: (visit.lineage + [offset == edges.count - 1]).suffix(Self.depthLimit + 1)))
        }
      }
    }
    return text
  }

  private func line(_ visit: Visit, isRepeated: Bool) -> String {
    let id = graph.services[visit.service].id
    let (name, kind) = id.shownLines
    let arrow = visit.edge.map { $0.isLink ? "╌▶ " : "─▶ " } ?? ""
    let branch =
      visit.lineage.dropLast().suffix(Self.depthLimit).map { $0 ? "    " : "│   " }.joined()
      + (visit.lineage.last.map { $0 ? "└" : "├" } ?? "") + arrow
    let statistics = visit.edge?.statistics ?? graph.services[visit.service].statistics
    let figures = statistics.flatMap(figures) ?? ""
    let room = max(12, width - branch.cells - figures.cells - 2)
    let title = "\(name.printable)  \(isRepeated ? "(see above)" : kind.printable)".fitted(to: room)
    let named = String(title.prefix(name.printable.count))
    let rest = String(title.dropFirst(name.printable.count))
    let head = branch + (isRepeated ? style.dim(title) : style.bold(named) + style.dim(rest))
    guard !figures.isEmpty else { return head.trimmed }
    return head + "  " + (statistics?.problem.map { style.colored(figures, $0) } ?? figures)
  }

  /// Rate, average latency and the shares of what went wrong.
  private func figures(_ statistics: Statistics) -> String? {
    guard let average = statistics.averageResponseTime else { return nil }
    let window = graph.start.duration(to: graph.end).inSeconds
    let problems = statistics.shares.filter { $0.status != .ok }.map { status, count in
      "  \(status.symbol) \(Quantity.share(Double(count) / Double(statistics.total))) \(status.label.lowercased())"
    }
    return "\(Quantity.rate(statistics.total, over: window))  \(Quantity.duration(average))" + problems.joined()
  }

  private static let depthLimit = 10
}
