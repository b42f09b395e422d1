public import Traces
import XRayModel

/// A trace's timeline for a terminal.
public struct TextTimeline: Sendable {
  private let trace: Trace
  private let layout: TimelineLayout
  private let style: TerminalStyle
  private let nameWidth: Int
  private let barWidth: Int
  private let width: Int

  /// - Parameters:
  ///   - width: Cells of the terminal; at least 60 are used.
  ///   - isColored: Whether to use ANSI escape codes.
  public init(_ trace: Trace, width: Int = 100, isColored: Bool = false) {
    self.trace = trace
    layout = TimelineLayout(trace)
    style = TerminalStyle(isColored: isColored)
    let width = min(max(width, 60), 1000)
    self.width = width
    let longest = zip(layout.rows, Self.branches(layout)).map { ($1 + $0.title).cells }.max() ?? 0
    nameWidth = min(max(longest, 12), width * 2 / 5)
    barWidth = width - nameWidth - Self.codeWidth - Self.durationWidth - 7
  }

  private static let codeWidth = 4
  private static let durationWidth = 11
  /// An arrow, a space and a trace id.
  private static let linkWidth = 38

  /// Lines, each ended by a line feed.
  public var text: String {
    var lines = [title, axis]
    for (row, branch) in zip(layout.rows, Self.branches(layout)) {
      lines.append(line(row, branch: branch))
      lines += linkLines(row, branch: branch)
    }
    if let legend { lines.append(legend) }
    return lines.map { $0 + "\n" }.joined()
  }

  private var title: String {
    let status = layout.rows.first?.status ?? .ok
    let parts = [
      style.bold(trace.id.description), style.colored("\(status.symbol) \(status.label)", status),
      Quantity.duration(layout.span), layout.start.iso8601,
    ]
    return parts.joined(separator: "  ")
  }

  private var axis: String {
    var scale = Array(repeating: Character(" "), count: barWidth)
    var free = 0
    for tick in layout.ticks {
      let label = Quantity.tick(tick)
      let place = layout.span > 0 ? Int(tick / layout.span * Double(barWidth)) : 0
      guard place >= free, place + label.count <= barWidth else { continue }
      for (offset, character) in label.enumerated() { scale[place + offset] = character }
      free = place + label.count + 1
    }
    let columns =
      "NAME".fitted(to: nameWidth) + "  " + "CODE".fitted(to: Self.codeWidth) + "   "
      + "DURATION".fitted(to: Self.durationWidth, alignedRight: true) + "  "
    return style.dim((columns + String(scale)).trimmed)
  }

  private func line(_ row: TimelineLayout.Row, branch: String) -> String {
    let name = (branch + row.title).fitted(to: nameWidth)
    let code = (row.entity.http?.response?.status.map(String.init) ?? "").fitted(to: Self.codeWidth)
    let duration = row.entity.duration.map(Quantity.duration) ?? "–"
    let isEmphasized = row.role == .segment
    return "\(isEmphasized ? style.bold(name) : name)  \(code) \(style.colored(row.status.symbol, row.status)) "
      + duration.fitted(to: Self.durationWidth, alignedRight: true) + "  "
      + String(repeating: " ", count: cells(row).lowerBound) + style.colored(bar(row), row.status)
  }

  /// Below a row, the traces that it is linked to.
  private func linkLines(_ row: TimelineLayout.Row, branch: String) -> [String] {
    guard !row.entity.links.isEmpty else { return [] }
    // Ids are never cut: the tree gives way.
    let tree = branch.replacing("├─", with: "│ ").replacing("└─", with: "  ") + (row.descendants > 0 ? "│ " : "  ")
    let indentation = tree.shortened(to: width - Self.linkWidth)
    let shown = row.entity.links.prefix(LinkedTrace.limit).map(LinkedTrace.init)
    var lines = shown.map { indentation + "\($0.arrow) \($0.label.printable)" }
    let rest = row.entity.links.count - shown.count
    if rest > 0 { lines.append(indentation + "and \(Quantity.count(rest)) more") }
    return lines.map { style.dim($0.shortened(to: width).trimmed) }
  }

  private func cells(_ row: TimelineLayout.Row) -> Range<Int> {
    let left = min(barWidth - 1, Int(row.bar.lowerBound * Double(barWidth)))
    let right = Int((row.bar.upperBound * Double(barWidth)).rounded(.up))
    return left..<min(barWidth, max(left + 1, right))
  }

  private func bar(_ row: TimelineLayout.Row) -> String {
    let length = cells(row).count
    if row.isOpen { return String(repeating: row.role.fill, count: length - 1) + "▶" }
    let isTiny = (row.bar.upperBound - row.bar.lowerBound) * Double(barWidth) < 0.5
    return isTiny ? "▏" : String(repeating: row.role.fill, count: length)
  }

  private var legend: String? {
    let roles = Set(layout.rows.map(\.role))
    var parts = [TimelineLayout.Role.coldStart, .dwell, .inferred].filter { roles.contains($0) }.map { role in
      "\(role.fill)\(role.fill) \(role.tag ?? "")"
    }
    if layout.rows.contains(where: \.isOpen) { parts.append("▶ in progress") }
    return parts.isEmpty ? nil : style.dim(parts.joined(separator: "   "))
  }

  /// The lines of the tree in front of each row's name.
  private static func branches(_ layout: TimelineLayout) -> [String] {
    var isLast: [Bool] = []
    return layout.rows.map { row in
      isLast.removeLast(max(0, isLast.count - row.depth))
      let shown = isLast.dropFirst().suffix(depthLimit).map { $0 ? "   " : "│  " }.joined()
      let branch = row.depth == 0 ? "" : shown + (row.isLast ? "└─ " : "├─ ")
      isLast.append(row.isLast)
      return branch
    }
  }

  private static let depthLimit = 8
}

extension TimelineLayout.Row {
  /// The name, with what kind of segment it is.
  fileprivate var title: String {
    let name = entity.shownName.printable
    guard entity.kind == .segment, let origin = entity.origin else { return name }
    return "\(name) \(origin.printable)"
  }
}

extension TimelineLayout.Role {
  fileprivate var fill: Character {
    switch self {
    case .segment: "█"
    case .subsegment, .call, .attempt: "━"
    case .coldStart: "▒"
    case .dwell: "░"
    case .inferred: "┄"
    }
  }
}
