import Logging
import Testing
import XRayModel
import XRaySDK
import XRaySampler

@Suite struct RecorderTests {
  @Test func `records nested closures as one document with the clock's times`() throws {
    let rig = Rig()
    let answer = try rig.recorder.withSegment("shop") { segment in
      rig.clock.advance(by: .milliseconds(10))
      return try rig.recorder.withSubsegment("load") { load in
        load.annotate("items", 3)
        rig.clock.advance(by: .milliseconds(20))
        try rig.recorder.withSubsegment("parse") { _ in rig.clock.advance(by: .microseconds(5)) }
        return 42
      }
    }
    #expect(answer == 42)
    let segment = try rig.only()
    #expect(segment.name == "shop" && segment.kind == .segment && segment.parentID == nil)
    #expect(segment.start == Rig.start && segment.end == Rig.start.advanced(by: .microseconds(30_005)))
    #expect(segment.traceID?.epoch == UInt32(Rig.start.wholeSeconds))
    let load = try #require(segment.subsegments.first)
    #expect(load.name == "load" && load.annotation("items") == 3 && load.namespace == nil)
    #expect(load.duration == 0.020005)
    #expect(load.subsegments.map(\.name) == ["parse"])
    #expect(rig.recorder.counts == RecorderCounts(documents: 1))
  }

  @Test func `tells in every segment what made it`() throws {
    var configuration = RecorderConfiguration()
    configuration.serviceName = "shop"
    configuration.serviceVersion = "7.1"
    configuration.origin = "AWS::EC2::Instance"
    configuration.aws = ["ec2": ["instance_id": "i-1"]]
    let rig = Rig(["AWS_LOG_GROUP": "/shop"], configuration: configuration)
    rig.recorder.withSegment { $0.setUser("u1") }
    let segment = try rig.only()
    #expect(segment.name == "shop" && segment.user == "u1" && segment.origin == "AWS::EC2::Instance")
    #expect(segment.service["runtime"] == "Swift" && segment.service["version"] == "7.1")
    #expect(segment.aws["ec2"] == ["instance_id": "i-1"])
    #expect(segment.aws["cloudwatch_logs"] == [["log_group": "/shop"]])
    #expect(segment.aws["xray"] == ["sdk": "fluoro for Swift", "sdk_version": .string(XRayRecorder.version)])
  }

  @Test func `child tasks inherit the current entity and parallel tasks stay apart`() async throws {
    let rig = Rig()
    let recorder = rig.recorder
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<20 {
        group.addTask {
          await recorder.withSegment("s\(number)") { _ in
            async let left: Void = recorder.withSubsegment("left \(number)") { _ in
              await Task.yield()
              try await recorder.withSubsegment("inner \(number)") { _ in await Task.yield() }
            }
            async let right: Void = recorder.withSubsegment("right \(number)") { _ in await Task.yield() }
            _ = try? await (left, right)
          }
        }
      }
    }
    let segments = rig.sent()
    #expect(segments.count == 20 && Set(segments.map(\.traceID)).count == 20)
    for segment in segments {
      let number = String(segment.name?.dropFirst() ?? "")
      #expect(Set(segment.subsegments.map(\.name)) == ["left \(number)", "right \(number)"])
      #expect(segment["left \(number)"]?.subsegments.map(\.name) == ["inner \(number)"])
    }
    #expect(recorder.current == nil)
  }

  @Test func `begin and end by hand nest as told, and ending twice does nothing`() throws {
    let rig = Rig()
    let segment = rig.recorder.beginSegment("shop")
    let outer = segment.beginSubsegment("outer")
    let inner = try outer.makeCurrent { try rig.recorder.beginSubsegment("inner") }
    rig.clock.advance(by: .seconds(1))
    inner.end()
    rig.clock.advance(by: .seconds(1))
    inner.end()
    outer.end()
    outer.end()
    #expect(rig.emitter.documents.isEmpty)
    segment.end()
    segment.end()
    let sent = try rig.only()
    #expect(sent.all.map(\.name) == ["shop", "outer", "inner"])
    #expect(sent["inner"]?.duration == 1 && sent["outer"]?.duration == 2)
  }

  @Test func `an open child keeps the segment back, also when the segment has ended`() throws {
    let rig = Rig()
    let segment = rig.recorder.beginSegment("shop")
    let child = segment.beginSubsegment("slow")
    rig.clock.advance(by: .seconds(1))
    segment.end()
    #expect(rig.emitter.documents.isEmpty)
    rig.clock.advance(by: .seconds(1))
    child.end()
    let sent = try rig.only()
    #expect(sent.duration == 1 && sent["slow"]?.duration == 2)
  }

  @Test func `a subsegment that is begun after its segment was sent is sent on its own`() throws {
    let rig = Rig()
    let segment = rig.recorder.beginSegment("shop")
    segment.end()
    let late = segment.beginSubsegment("late")
    late.beginSubsegment("later").end()
    late.end()
    let sent = rig.sent()
    #expect(sent.count == 2 && sent[1].kind == .subsegment)
    #expect(sent[1].parentID == sent[0].id && sent[1].traceID == sent[0].traceID)
    #expect(sent[1].subsegments.map(\.name) == ["later"])
  }

  @Test func `what nobody can end any more is sent as in progress and counted`() throws {
    let rig = Rig()
    do {
      let segment = rig.recorder.beginSegment("shop")
      let leaked = segment.beginSubsegment("leaked")
      leaked.beginSubsegment("done").end()
      segment.end()
      #expect(rig.emitter.documents.isEmpty)
    }
    let sent = try rig.only()
    #expect(sent.end != nil && sent["leaked"]?.end == nil && sent["done"]?.end != nil)
    #expect(rig.recorder.counts.abandoned == 1)
    #expect(rig.log.lines.contains { $0.hasPrefix("warning") && $0.contains("never ended") })
  }

  @Test func `keeps durations from going below zero when the clock is set back`() throws {
    let rig = Rig()
    rig.recorder.beginSegment("shop").end(at: Rig.start.advanced(by: .seconds(-5)))
    #expect(try rig.only().end == Rig.start)
  }

  @Test func `does not change an entity that has ended`() throws {
    let rig = Rig()
    let segment = rig.recorder.beginSegment("shop")
    let child = segment.beginSubsegment("child")
    child.end()
    child.annotate("late", true)
    segment.end()
    #expect(try rig.only()["child"]?.annotations.isEmpty == true)
    #expect(rig.log.lines.contains { $0.hasPrefix("warning") && $0.contains("has ended") })
  }

  @Test func `keeps as metadata what X-Ray cannot index`() throws {
    let rig = Rig()
    rig.recorder.withSegment("shop") { segment in
      segment.annotate("a.b_C9", "text")
      segment.annotate("number", 4.5)
      segment.annotate("flag", true)
      segment.annotate("number", 5)
      segment.annotate("bad key", "v")
      segment.annotate("", 1)
      segment.annotate("long", .string(String(repeating: "x", count: 1001)))
      segment.setMetadata("cart", ["items": [1, 2]], namespace: "shop")
      segment.setMetadata("note", "n")
    }
    let segment = try rig.only()
    #expect(segment.annotations.map(\.key) == ["a.b_C9", "number", "flag"])
    #expect(segment.annotation("number") == 5)
    #expect(segment.metadata["shop"] == ["cart": ["items": [1, 2]]])
    #expect(segment.metadata["default"]?.object?.keys.map { $0 } == ["bad key", "", "long", "note"])
  }

  @Test func `lets update change everything but what ties the entity into its trace`() throws {
    let rig = Rig()
    let segment = rig.recorder.beginSegment("shop")
    let id = segment.id
    segment.update { entity in
      entity.id = EntityID(rawValue: 1)
      entity.traceID = .notSampled
      entity.end = Rig.start
      entity.subsegments = [Entity(.subsegment, id: EntityID(rawValue: 2), name: "forged", start: Rig.start)]
      entity.name = "new {name}"
      entity.resourceARN = "arn:aws:ec2:::instance/i-1"
      entity.precursorIDs = [EntityID(rawValue: 3)]
    }
    rig.clock.advance(by: .seconds(1))
    segment.end()
    let sent = try rig.only()
    #expect(sent.id == id && sent.traceID != .notSampled && sent.duration == 1 && sent.subsegments.isEmpty)
    #expect(sent.name == "new name" && sent.resourceARN != nil && sent.precursorIDs.count == 1)
  }

  @Test(arguments: [
    (200, false, false, false), (302, false, false, false), (400, true, false, false), (404, true, false, false),
    (429, true, false, true), (499, true, false, false), (500, false, true, false), (503, false, true, false),
  ]) func `sets the flags of an HTTP status`(status: Int, error: Bool, fault: Bool, throttle: Bool) throws {
    let rig = Rig()
    rig.recorder.withSegment("shop") { segment in
      segment.setRequest(HTTPBlock.Request(method: "GET", url: "https://shop.example/"))
      segment.setResponse(status: status, contentLength: 12)
    }
    let sent = try rig.only()
    #expect(sent.isError == error && sent.isFault == fault && sent.isThrottle == throttle)
    #expect(sent.http?.request?.method == "GET" && sent.http?.response?.status == status)
    #expect(sent.http?.response?.contentLength == 12)
  }

  @Test(arguments: [
    ("shop", "shop"), ("a_b.c:d/e%f&g#h=i+j-k@l 0", "a_b.c:d/e%f&g#h=i+j-k@l 0"), ("Grüße ½ Ⅷ 日本", "Grüße ½ Ⅷ 日本"),
    ("a{b}[c]\"d'e,f|g\\h", "abcdefgh"), ("tab\there\n", "tabhere"), ("?;*()!$~^<>", "unnamed"), ("", "unnamed"),
    ("smile 😀", "smile "), (String(repeating: "x", count: 300), String(repeating: "x", count: 200)),
    (String(repeating: "é", count: 300), String(repeating: "é", count: 200)),
  ]) func `cleans names up to what X-Ray accepts`(name: String, expected: String) throws {
    let rig = Rig()
    try rig.recorder.withSegment(name) { _ in try rig.recorder.withSubsegment(name) { _ in } }
    let sent = try rig.only()
    #expect(sent.name == expected && sent.subsegments.first?.name == expected)
  }

  @Test func `lets AWS_XRAY_TRACING_NAME replace every segment's name`() throws {
    let rig = Rig(["AWS_XRAY_TRACING_NAME": "fixed"])
    rig.recorder.withSegment("shop") { _ in }
    #expect(try rig.only().name == "fixed")
  }

  @Test func `puts trace and entity into log lines`() throws {
    let rig = Rig()
    let provider = Logger.MetadataProvider.xray
    #expect(provider.get().isEmpty)
    try rig.recorder.withSegment("shop") { _ in
      try rig.recorder.withSubsegment("inner") { inner in
        let (trace, id) = (try #require(inner.traceID), try #require(inner.id))
        #expect(provider.get() == ["AWS-XRAY-TRACE-ID": "\(trace)@\(id)"])
      }
    }
  }
}

@Suite struct IsolationTests {
  /// Its state is not `Sendable`, and closures on it must stay on it.
  actor Counter {
    final class Box { var value = 0 }
    private let box = Box()

    func count(_ recorder: XRayRecorder) async throws -> Int {
      try await recorder.withSegment("shop") { _ in
        box.value += 1
        try await recorder.withSubsegment("inner") { _ in
          await Task.yield()
          box.value += 1
        }
        return box.value
      }
    }
  }

  @Test func `closures stay on the actor that runs them`() async throws {
    let rig = Rig()
    #expect(try await Counter().count(rig.recorder) == 2)
    #expect(try rig.only().all.map(\.name) == ["shop", "inner"])
  }
}
