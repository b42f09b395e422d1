import Testing
import Traces
import XRayModel

@testable import TraceReports

@Suite struct `Text for terminals` {
  @Test func `shows a timeline as a tree with bars`() {
    let sample = Sample()
    let text = TextTimeline(sample.asynchronous(), width: 80).text
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines[0].hasSuffix("  ✓ OK  1.00 s  2023-11-14T22:13:20.000Z"))
    #expect(
      lines.dropFirst() == [
        "NAME                              CODE      DURATION  0    200 ms    600 ms",
        "resize AWS::Lambda                202  ✓       15 ms  ▏",
        "├─ Dwell Time                          ✓       45 ms  ░░",
        "├─ Attempt #1                     500  ✕      455 ms   ━━━━━━━━━━━━",
        "│  └─ resize AWS::Lambda::Funct…       ✕      440 ms   ████████████",
        "└─ Attempt #2                          ✓      100 ms                         ━━━",
        "   └─ resize AWS::Lambda::Funct…       ✓       85 ms                         ███",
        "░░ waiting",
      ])
  }

  @Test func `shows a service map as a tree of calls`() {
    let text = TextServiceMap(ServiceGraph(of: [Sample().synchronous()]), width: 80).text
    #expect(
      text.split(separator: "\n").map(String.init) == [
        "Client  of shop",
        "└─▶ shop  AWS::ApiGateway::Stage                                  1 call  700 ms",
        "    └─▶ checkout  AWS::Lambda                                     1 call  680 ms",
        "        └─▶ checkout  AWS::Lambda::Function                       1 call  300 ms",
        "            └─▶ S3  AWS::S3                                       1 call  150 ms",
      ])
  }

  @Test func `describes a service once, also in a circle`() {
    let sample = Sample()
    var first = sample.segment("a", 0, 100)
    let call = sample.subsegment("b", namespace: "remote", 10, 90)
    first.subsegments = [call]
    var second = sample.segment("b", parent: call.id, 20, 80)
    let back = sample.subsegment("a", namespace: "remote", 30, 70)
    second.subsegments = [back]
    let third = sample.segment("a", parent: back.id, 40, 60)
    let graph = ServiceGraph(of: [Trace(id: sample.traceID(), compiling: [first, second, third])])
    let text = TextServiceMap(graph, width: 70).text
    #expect(text.components(of: "(see above)") == 1)
    #expect(text.split(separator: "\n").count == 4)
  }

  @Test(arguments: [60, 80, 133, 1_000_000])
  func `stays within the width`(width: Int) {
    let sample = Sample()
    let traces = [sample.synchronous(), sample.asynchronous(at: 5000), sample.hostile()]
    let texts =
      traces.map { TextTimeline($0, width: width).text } + [TextServiceMap(ServiceGraph(of: traces), width: width).text]
    for text in texts {
      // The first line of a timeline names the trace and is never cut.
      for line in text.split(separator: "\n").dropFirst() { #expect(String(line).cells <= min(width, 1000)) }
    }
  }

  @Test func `never lets a name reach the terminal's controls`() {
    let trace = Sample().hostile()
    for text in [TextTimeline(trace).text, TextServiceMap(ServiceGraph(of: [trace])).text] {
      #expect(!text.unicodeScalars.contains { ($0.value < 0x20 && $0 != "\n") || $0 == "\u{202E}" })
      #expect(text.contains("\u{FFFD}") || text.contains("…"))
    }
  }

  @Test func `is coloured on demand only, with the same text`() {
    let trace = Sample().asynchronous()
    let colored = TextTimeline(trace, isColored: true).text
    #expect(colored.contains("\u{1B}[31;1m✕"))
    var plain = ""
    var isCode = false
    for character in colored {
      if character == "\u{1B}" { isCode = true }
      if !isCode { plain.append(character) }
      if character == "m" { isCode = false }
    }
    #expect(
      plain.split(separator: "\n").map { String($0).trimmed }
        == TextTimeline(trace).text.split(separator: "\n").map { String($0).trimmed })
  }

  @Test func `counts cells of wide characters and marks`() {
    #expect("日本".cells == 4)
    #expect("e\u{301}".cells == 1)
    #expect("日本語".shortened(to: 4) == "日…")
    #expect("abc".fitted(to: 5, alignedRight: true) == "  abc")
  }
}
