import XRaySampler

/// Small drawings in a grid, one for each load and number of clients: what was due, and what was sampled.
struct SamplingPlot {
  private let plays: [SamplingPlay]

  private static let panel = (width: 250.0, height: 110.0)
  private static let step = (x: 285.0, y: 165.0)
  private static let margin = (left: 45.0, top: 92.0)
  /// Points are averages over so many seconds.
  private static let window = 10

  init(_ plays: [SamplingPlay]) { self.plays = plays }

  var text: String {
    let loads = SamplingSimulation.Load.allCases
    let counts = plays.map(\.simulation.clientCount).reduce(into: [Int]()) { if !$0.contains($1) { $0.append($1) } }
    let width = Self.margin.left + Double(counts.count) * Self.step.x
    let height = Self.margin.top + Double(loads.count) * Self.step.y
    let reservoir = plays.first?.simulation.reservoirSize ?? 0
    var lines = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(width)) \(Int(height))" role="img" \
      font-family="system-ui, sans-serif" font-size="12">
      """,
      "<title>Reservoir samples per second of 1, 10 and 1,000 clients of one rule</title>", Self.style,
      #"<rect class="page" width="100%" height="100%"/>"#,
      #"<text class="ink" x="\#(Int(Self.margin.left))" y="26" font-size="16">Samples per second from one reservoir of \#(reservoir)</text>"#,
      """
      <g transform="translate(\(Int(Self.margin.left)) 46)"><rect class="due" width="22" height="10" y="-9"/>\
      <text class="ink" x="28">due: all requests, at most \(reservoir)</text>\
      <path class="prompt" d="M230 -4h22"/><text class="ink" x="258">Fluoro's SDK</text>\
      <path class="periodic" d="M360 -4h22"/><text class="ink" x="388">as X-Ray's SDKs report</text>\
      <text class="soft" x="560">averages over \(Self.window) s; minutes of virtual time</text></g>
      """,
    ]
    for (row, load) in loads.enumerated() {
      for (column, count) in counts.enumerated() {
        let shown = plays.filter { $0.simulation.load == load && $0.simulation.clientCount == count }
        let x = Self.margin.left + Double(column) * Self.step.x
        let y = Self.margin.top + Double(row) * Self.step.y
        lines.append(#"<g transform="translate(\#(Int(x)) \#(Int(y)))">"#)
        lines += panel(shown, title: "\(count) \(count == 1 ? "client" : "clients"), \(load.rawValue)")
        lines.append("</g>")
      }
    }
    return (lines + ["</svg>", ""]).joined(separator: "\n")
  }

  private func panel(_ plays: [SamplingPlay], title: String) -> [String] {
    guard let first = plays.first else { return [] }
    let (width, height) = Self.panel
    let reservoir = Double(first.simulation.reservoirSize)
    let top = reservoir * 1.5
    func y(_ value: Double) -> Double { height - min(value, top) / top * height }
    func points(_ values: [Double]) -> String {
      values.enumerated().map { index, value in
        "\(Self.rounded(Double(index) / Double(max(1, values.count - 1)) * width)),\(Self.rounded(y(value)))"
      }.joined(separator: " ")
    }
    let due = averages(first) { Double(min($0.offered, first.simulation.reservoirSize)) }
    let accuracies = plays.map { "\(Self.rounded($0.accuracy * 100)) %" }.joined(separator: " · ")
    var lines = [
      #"<text class="ink" y="-8">\#(title)</text>"#,
      #"<text class="soft" x="\#(Int(width))" y="-8" text-anchor="end">\#(accuracies)</text>"#,
      #"<polygon class="due" points="0,\#(Int(height)) \#(points(due)) \#(Int(width)),\#(Int(height))"/>"#,
      #"<path class="axis" d="M0 \#(Int(height))h\#(Int(width))"/>"#,
    ]
    for value in [0, reservoir] {
      lines.append(
        #"<text class="soft" x="-6" y="\#(Self.rounded(y(value) + 4))" text-anchor="end">\#(Int(value))</text>"#)
    }
    let minutes = first.seconds.count / 60
    for minute in stride(from: 0, through: minutes, by: max(1, minutes / 5)) {
      let x = Self.rounded(Double(minute * 60) / Double(max(1, first.seconds.count)) * width)
      lines.append(#"<text class="soft" x="\#(x)" y="\#(Int(height) + 16)" text-anchor="middle">\#(minute)</text>"#)
    }
    for play in plays.reversed() {
      let values = averages(play) { Double($0.sampled) }
      lines.append(#"<polyline class="\#(play.simulation.client.rawValue)" points="\#(points(values))"/>"#)
    }
    return lines
  }

  private func averages(_ play: SamplingPlay, _ value: (SamplingSimulation.Second) -> Double) -> [Double] {
    stride(from: 0, to: play.seconds.count, by: Self.window).map { start in
      let part = play.seconds[start..<min(start + Self.window, play.seconds.count)]
      return part.reduce(0) { $0 + value($1) } / Double(part.count)
    }
  }

  /// With one decimal.
  private static func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }

  private static let style = """
    <style>
    .page{fill:#fff}.ink{fill:#1c2330}.soft{fill:#5d6778}.due{fill:#dfe5ee}.axis{stroke:#9aa4b5}
    .prompt,.periodic{fill:none;stroke-width:1.8;stroke-linejoin:round}
    .prompt{stroke:#0b62c4}.periodic{stroke:#b45309;stroke-dasharray:4 3}
    @media (prefers-color-scheme:dark){.page{fill:#12161d}.ink{fill:#e6eaf1}.soft{fill:#9aa6b8}.due{fill:#2b3443}
    .axis{stroke:#5d6778}.prompt{stroke:#6cb0ff}.periodic{stroke:#f0a85c}}
    </style>
    """
}
