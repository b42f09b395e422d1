import Synchronization
import Testing
import XRayModel
import XRaySDK
import XRaySampler

@Suite struct PropagationTests {
  static let root = "1-5759e988-bd862e3fe1be46a994272793"

  /// Counts how often it was asked.
  final class CountingSampler: SamplingDecider {
    let answer: Bool
    private let seen = Mutex<[SamplingRequest]>([])
    init(_ answer: Bool) { self.answer = answer }
    var requests: [SamplingRequest] { seen.withLock { $0 } }
    func decide(_ request: SamplingRequest) -> SamplingDecision {
      seen.withLock { $0.append(request) }
      return SamplingDecision(isSampled: answer, ruleName: "checkout")
    }
  }

  @Test(arguments: [
    ("Sampled=1", false, true, 0, ""), ("Sampled=0", true, false, 0, ""),
    ("Sampled=?", true, true, 1, ";Sampled=1"), ("Sampled=?", false, false, 1, ";Sampled=0"),
    ("", true, true, 1, ""), ("", false, false, 1, ""), ("Sampled=x", true, true, 1, ""),
  ]) func `obeys the header's decision, else asks the sampler, and answers when asked`(
    flag: String, answer: Bool, isSampled: Bool, asked: Int, responseSuffix: String
  ) throws {
    let sampler = CountingSampler(answer)
    let rig = Rig(sampler: sampler)
    let header = try TraceHeader(parsing: "Root=\(Self.root);Parent=53995c3f42cd8ad8;\(flag)")
    rig.recorder.withSegment("shop", header: header) { segment in
      #expect(segment.isSampled == isSampled)
      #expect(segment.responseHeader?.description == "Root=\(Self.root)" + responseSuffix)
    }
    #expect(sampler.requests.count == asked)
    #expect(rig.sent().count == (isSampled ? 1 : 0))
    if isSampled {
      let segment = try rig.only()
      #expect(segment.traceID?.description == Self.root && segment.parentID?.description == "53995c3f42cd8ad8")
      #expect(segment.aws["xray"]?["rule_name"] == (asked == 1 ? "checkout" : nil))
    }
  }

  @Test func `tells the sampler what it knows`() {
    let sampler = CountingSampler(true)
    var configuration = RecorderConfiguration()
    configuration.origin = "AWS::EC2::Instance"
    let rig = Rig(configuration: configuration, sampler: sampler)
    rig.recorder.withSegment("shop", request: SamplingRequest(host: "h", method: "GET", path: "/p")) { _ in }
    #expect(
      sampler.requests == [
        SamplingRequest(
          host: "h", method: "GET", path: "/p", serviceName: "shop", serviceType: "AWS::EC2::Instance")
      ])
  }

  @Test func `sends the current subsegment as the parent, and passes lineage and custom items on`() throws {
    let rig = Rig()
    let header = try TraceHeader(
      parsing: "Root=\(Self.root);Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:1|68fd508a:5;Self=x;k=v")
    try rig.recorder.withSegment("shop", header: header) { segment in
      let own = try #require(segment.id)
      let rest = "Sampled=1;Lineage=a87bd80c:1|68fd508a:5;k=v"
      #expect(rig.recorder.currentHeader?.description == "Root=\(Self.root);Parent=\(own);\(rest)")
      try rig.recorder.withRemoteCall(url: "https://pay.example/", method: "GET") { call in
        let id = try #require(call.id)
        #expect(call.header?.description == "Root=\(Self.root);Parent=\(id);\(rest)")
        #expect(rig.recorder.currentHeader == call.header)
      }
    }
    #expect(rig.recorder.currentHeader == nil)
  }

  @Test func `an unsampled request makes no ids and sends nothing, but passes the decision on`() throws {
    let rig = Rig(sampler: FixedSampler.never, seed: 9)
    try rig.recorder.withSegment("shop") { segment in
      #expect(segment.id == nil && rig.recorder.current?.isSampled == false)
      try rig.recorder.withSubsegment("inner") { inner in
        inner.annotate("k", "v")
        inner.update { _ in Issue.record("nothing is there to be changed") }
        #expect(inner.header?.description == "Root=\(TraceID.notSampled);Parent=0000000000000000;Sampled=0")
      }
    }
    let header = try TraceHeader(parsing: "Root=\(Self.root);Parent=53995c3f42cd8ad8;Sampled=0;k=v")
    try rig.recorder.withSegment("shop", header: header) { _ in
      try rig.recorder.withSubsegment("inner") { #expect($0.header == header) }
    }
    #expect(rig.emitter.documents.isEmpty && rig.log.lines.isEmpty)
    #expect(rig.random.next() == RandomSource(seed: 9).next())
  }

  @Test func `an unsampled subsegment of a sampled one silences the services below it`() throws {
    let rig = Rig()
    try rig.recorder.withSegment("shop") { segment in
      try rig.recorder.withSubsegment("poll", isSampled: false) { poll in
        #expect(!poll.isSampled && poll.header?.sampling == .notSampled)
        #expect(poll.header?.root == segment.traceID && poll.header?.parent == segment.id)
        try rig.recorder.withSubsegment("inner") { #expect(!$0.isSampled) }
      }
      try rig.recorder.withSubsegment("work") { #expect($0.isSampled) }
    }
    #expect(try rig.only().all.map(\.name) == ["shop", "work"])
  }

  @Test(
    arguments: [
      (nil, ContextMissingPolicy.logError, false, 1), (nil, .runtimeError, true, 0), (nil, .ignoreError, false, 0),
      ("RUNTIME_ERROR", .ignoreError, true, 0), ("LOG_ERROR", .runtimeError, false, 1),
      ("IGNORE_ERROR", .runtimeError, false, 0), ("nonsense", .logError, false, 2),
    ] as [(String?, ContextMissingPolicy, Bool, Int)])
  func `treats a missing context as the policy says, and the environment wins`(
    variable: String?, code: ContextMissingPolicy, throwsError: Bool, lines: Int
  ) throws {
    var configuration = RecorderConfiguration()
    configuration.contextMissing = code
    let rig = Rig(variable.map { ["AWS_XRAY_CONTEXT_MISSING": $0] } ?? [:], configuration: configuration)
    var ran = false
    let work: (Subsegment) -> Void = { subsegment in
      ran = true
      subsegment.annotate("k", "v")
    }
    if throwsError {
      #expect(throws: ContextMissingError(name: "lost")) { try rig.recorder.withSubsegment("lost", work) }
    } else {
      try rig.recorder.withSubsegment("lost", work)
    }
    #expect(ran != throwsError)
    #expect(rig.log.lines.count == lines)
    #expect(rig.recorder.counts.discarded == 1 && rig.emitter.documents.isEmpty)
  }

  @Test(arguments: ["false", "FALSE", "0", "no", "off", "n", "f"])
  func `records nothing when switched off, and passes the caller's header on`(value: String) throws {
    let rig = Rig(["AWS_XRAY_SDK_ENABLED": value, "AWS_XRAY_CONTEXT_MISSING": "RUNTIME_ERROR"])
    try rig.recorder.withSubsegment("free") { #expect($0.header == nil) }
    try rig.recorder.withSegment("shop") { _ in try rig.recorder.withSubsegment("inner") { _ in } }
    let header = try TraceHeader(parsing: "Root=\(Self.root);Parent=53995c3f42cd8ad8;Sampled=1")
    try rig.recorder.withSegment("shop", header: header) { _ in
      try rig.recorder.withSubsegment("inner") { #expect($0.header == header) }
    }
    #expect(rig.emitter.documents.isEmpty && rig.log.lines.isEmpty)
  }
}
