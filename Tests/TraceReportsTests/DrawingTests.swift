import Testing
import TraceReports
import Traces
import XRayModel

@Suite struct `Drawings` {
  @Test func `of a service map name every service and every edge once`() {
    let drawing = ServiceMapDrawing(ServiceGraph(of: [Sample().synchronous()]))
    let svg = drawing.svg
    #expect(drawing.graph.services.count == 5)
    #expect(svg.components(of: #"<g class="node""#) == 5)
    #expect(svg.components(of: #"<g class="edge"#) == 4)
    #expect(svg.contains("AWS::Lambda::Function"))
    #expect(svg.contains("1 call · 680 ms"))
    #expect(tagProblems(svg).isEmpty)
  }

  @Test func `of a service map show the share of faults in the ring and in words`() {
    let sample = Sample()
    let graph = ServiceGraph(
      of: (0..<4).map { place in
        var segment = sample.segment("api", Double(place) * 60_000, Double(place) * 60_000 + 100)
        segment.isFault = place == 0
        return Trace(id: sample.traceID(), compiling: [segment])
      })
    let svg = ServiceMapDrawing(graph).svg
    #expect(svg.contains(#"class="arc fault" cx="34" cy="32" r="21" pathLength="100" stroke-dasharray="23.5 76.5""#))
    #expect(svg.contains(#"class="arc ok" cx="34" cy="32" r="21" pathLength="100" stroke-dasharray="73.5 26.5""#))
    #expect(svg.contains("✕ 25 %"))
    #expect(svg.contains("25 % fault"))
    #expect(svg.contains("1.3/min"))
  }

  @Test func `of a service map stand alone in light and dark surroundings`() {
    let drawing = ServiceMapDrawing(ServiceGraph(of: [Sample().synchronous()]))
    #expect(drawing.svg.contains("prefers-color-scheme: dark"))
    #expect(!drawing.svg.contains("var(--"))
    #expect(!drawing.svg.contains("tabindex"))
    #expect(!drawing.fragment(isInteractive: true).contains("<style"))
    #expect(drawing.fragment(isInteractive: true).contains(#"data-edge="3""#))
    #expect(!drawing.fragment(isInteractive: false).contains("data-edge"))
    #expect(ServiceMapDrawing.stylesheet.contains("var(--fault)"))
  }

  @Test func `of an empty graph are empty`() {
    let svg = ServiceMapDrawing(ServiceGraph(of: [Trace]())).svg
    #expect(tagProblems(svg).isEmpty)
    #expect(!svg.contains("<g"))
  }

  @Test func `keep hostile text as text`() {
    let trace = Sample().hostile()
    for markup in [ServiceMapDrawing(ServiceGraph(of: [trace])).svg, TimelineDrawing(trace).fragment] {
      #expect(tagProblems(markup).isEmpty)
      #expect(!markup.contains("<script") && !markup.contains("<img"))
      #expect(!markup.unicodeScalars.contains { $0.value < 9 || $0.value == 0x1B })
      #expect(markup.contains("&lt;/script&gt;"))
    }
  }

  @Test func `of a timeline carry status, code, role and tree`() {
    let html = TimelineDrawing(Sample().asynchronous()).fragment
    #expect(tagProblems(html).isEmpty)
    #expect(html.components(of: #"role="row""#) == 7)
    #expect(html.contains(#"class="tl-row fault attempt""#))
    #expect(html.contains(#"class="tl-row ok dwell""#))
    #expect(html.contains(#"aria-level="2" aria-expanded="true""#))
    #expect(html.contains("Goes on 985 ms after its parent ended"))
    #expect(html.contains(">500</div>"))
    #expect(html.contains("left:90%;width:10%"))
  }
}

extension String {
  /// How often `part` occurs.
  func components(of part: String) -> Int {
    var count = 0
    var rest = self[...]
    while let range = rest.firstRange(of: part) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }
}
