import Synchronization
import Testing
import XRayModel
import XRaySDK
import XRaySampler

@Suite struct LambdaTests {
  static let header = "Root=1-6b015f5a-f395b0ce4ed24c2cbf3e82ed;Parent=b40d1e57569d4fbe;Sampled=1"

  /// Stands for the variable that a runtime sets before each invocation.
  final class Variable: Sendable {
    private let text = Mutex<String?>(nil)
    var value: String? {
      get { text.withLock { $0 } }
      set { text.withLock { $0 = newValue } }
    }
  }

  @Test func `sends each subsegment by itself, the child before its parent`() throws {
    let rig = Rig.lambda { Self.header }
    for (name, operation) in [("put_object", "PutObject"), ("get_object", "GetObject")] {
      try rig.recorder.withSubsegment(name) { subsegment in
        try rig.recorder.withAWSCall(
          service: "S3", operation: operation, parameters: ["Key": "k1", "BucketName": "seed-bucket"]
        ) { call in
          rig.clock.advance(by: .milliseconds(12))
          call.setResponse(status: 200)
          call.setAWS("request_id", "haXgvWsPHmPMEk8h4u4e")
        }
        subsegment.annotate("status", 200)
      }
    }
    let sent = rig.sent()
    #expect(sent.map(\.name) == ["S3", "put_object", "S3", "get_object"])
    #expect(sent.allSatisfy { $0.kind == .subsegment && $0.subsegments.isEmpty })
    #expect(sent.allSatisfy { $0.traceID?.description == "1-6b015f5a-f395b0ce4ed24c2cbf3e82ed" })
    #expect(sent[0].parentID == sent[1].id && sent[2].parentID == sent[3].id)
    #expect(sent[1].parentID?.description == "b40d1e57569d4fbe" && sent[3].parentID == sent[1].parentID)
    #expect(sent[0].namespace == "aws" && sent[0].http?.response?.status == 200)
    #expect(sent[0].aws["operation"] == "PutObject" && sent[0].aws["region"] == "us-east-1")
    #expect(sent[0].aws["bucket_name"] == "seed-bucket" && sent[0].aws["key"] == "k1")
    #expect(sent[1].annotation("status") == 200)
  }

  @Test func `sends open subsegments as they are when asked, and again when they have ended`() throws {
    let rig = Rig.lambda()
    try rig.recorder.withInvocation(header: Self.header) {
      try rig.recorder.withSubsegment("outer") { outer in
        try rig.recorder.withSubsegment("inner") { _ in
          outer.annotate("step", 1)
          rig.recorder.sendProgress()
        }
      }
      rig.recorder.sendProgress()
    }
    // Outside of any trace there is nothing to send.
    rig.recorder.sendProgress()
    let sent = rig.sent()
    #expect(sent.map(\.name) == ["outer", "inner", "inner", "outer"])
    #expect(sent.map(\.isInProgress) == [true, true, false, false])
    #expect(sent[0].annotation("step") == 1)
    #expect(sent.allSatisfy { $0.subsegments.isEmpty } && rig.recorder.counts.abandoned == 0)
  }

  @Test func `sends sixty and nested subsegments without waiting for the invocation's end`() throws {
    let rig = Rig.lambda()
    try rig.recorder.withInvocation(header: Self.header) {
      for number in 0..<60 {
        try rig.recorder.withSubsegment("work \(number)") { _ in }
        #expect(rig.emitter.documents.count == number + 1)
      }
      let parent = try rig.recorder.beginSubsegment("parent")
      let child = parent.beginSubsegment("child")
      parent.end()
      #expect(rig.emitter.documents.count == 60)
      child.end()
    }
    #expect(rig.sent().suffix(2).map(\.name) == ["child", "parent"])
  }

  @Test(arguments: [
    ("Root=1-6b015f5a-f395b0ce4ed24c2cbf3e82ed;Parent=b40d1e57569d4fbe;Sampled=0"),
    ("Root=1-6b015f5a-f395b0ce4ed24c2cbf3e82ed;Parent=b40d1e57569d4fbe"),
    ("Root=1-6b015f5a-f395b0ce4ed24c2cbf3e82ed"),
    ("Root=1-6b015f5a-f395b0ce4ed24c2cbf3e82ed;Lineage=1:a87bd80c:0"),
    ("Root=1-6b015f5a-f395b0ce4ed24c2cbf3e82ed;Sampled=1"),
  ]) func `sends nothing for an unsampled or incomplete header, but passes it on`(header: String) throws {
    let rig = Rig.lambda { header }
    try rig.recorder.withSubsegment("work") { #expect($0.header?.description == header) }
    try rig.recorder.withInvocation(header: header) {
      try rig.recorder.withSubsegment("work") { #expect($0.header?.description == header) }
    }
    #expect(rig.emitter.documents.isEmpty && rig.log.lines.isEmpty)
  }

  @Test(arguments: [nil, "", "garbage", "Root=zzz;Parent=b40d1e57569d4fbe;Sampled=1"] as [String?])
  func `discards subsegments with a warning while there is no trace`(header: String?) throws {
    let rig = Rig.lambda { header }
    try rig.recorder.withSubsegment("init") { #expect($0.header == nil) }
    #expect(rig.emitter.documents.isEmpty && rig.recorder.counts.discarded == 1)
    #expect(rig.log.lines.last?.hasPrefix("warning: subsegment \"init\" is discarded") == true)
  }

  @Test func `refuses segments with a warning, and keeps the subsegments in them`() throws {
    let rig = Rig.lambda { Self.header }
    try rig.recorder.withSegment("mine") { segment in
      #expect(!segment.isSampled)
      try rig.recorder.withSubsegment("work") { _ in }
    }
    #expect(try rig.only().parentID?.description == "b40d1e57569d4fbe")
    #expect(rig.log.lines == ["warning: cannot create segments inside a Lambda function: mine is discarded"])
  }

  @Test func `does not let the function's own segment be changed or sent`() throws {
    let rig = Rig.lambda { Self.header }
    let segment = try #require(rig.recorder.current)
    #expect(segment.id?.description == "b40d1e57569d4fbe")
    segment.annotate("k", "v")
    segment.capture(OrderError("x"))
    segment.end()
    #expect(rig.emitter.documents.isEmpty)
    #expect(rig.log.lines.count == 1 && rig.log.lines[0].hasPrefix("error"))
  }

  @Test func `takes a new parent when anything in the header changes, as on a retry`() throws {
    let variable = Variable()
    let rig = Rig.lambda { variable.value }
    let root = "Root=1-6b015f5a-f395b0ce4ed24c2cbf3e82ed"
    for header in ["\(root);Parent=000000000000000a;Sampled=1", "\(root);Parent=000000000000000b;Sampled=1"] {
      variable.value = header
      try rig.recorder.withSubsegment("one") { _ in }
      try rig.recorder.withSubsegment("two") { _ in }
    }
    variable.value = "\(root);Parent=000000000000000b;Sampled=0"
    try rig.recorder.withSubsegment("three") { _ in }
    #expect(rig.sent().map { $0.parentID?.rawValue } == [10, 10, 11, 11])
  }

  @Test func `keeps concurrent invocations apart`() async throws {
    let rig = Rig.lambda()
    let recorder = rig.recorder
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 1...20 {
        let parent = EntityID(rawValue: UInt64(number))
        let root = TraceID(epoch: 1, high: 2, low: UInt64(number))
        group.addTask {
          try await recorder.withInvocation(header: "Root=\(root);Parent=\(parent);Sampled=1") {
            try await recorder.withSubsegment("work") { _ in await Task.yield() }
          }
        }
      }
      try await group.waitForAll()
    }
    let sent = rig.sent()
    #expect(sent.count == 20)
    #expect(sent.allSatisfy { $0.traceID?.low == $0.parentID?.rawValue })
  }

  @Test func `an invocation without a header inherits nothing`() throws {
    let rig = Rig.lambda()
    try rig.recorder.withInvocation(header: Self.header) {
      try rig.recorder.withInvocation(header: nil) { try rig.recorder.withSubsegment("work") { _ in } }
    }
    #expect(rig.emitter.documents.isEmpty && rig.recorder.counts.discarded == 1)
  }

  @Test func `a subsegment that leaks from an invocation is sent as in progress`() throws {
    let variable = Variable()
    variable.value = Self.header
    let rig = Rig.lambda { variable.value }
    _ = try rig.recorder.beginSubsegment("leaked")
    #expect(rig.emitter.documents.isEmpty)
    variable.value = Self.header.replacing("b40d", with: "b40e")
    try rig.recorder.withSubsegment("next") { _ in }
    let sent = rig.sent()
    #expect(sent.map(\.name) == ["leaked", "next"] && sent[0].isInProgress)
    #expect(rig.recorder.counts.abandoned == 1)
  }

  @Test func `repeats itself byte for byte in a simulation`() async throws {
    func run(seed: UInt64) async throws -> [[UInt8]] {
      try await Simulation.run(from: Rig.start) { clock in
        let emitter = CollectingEmitter()
        let recorder = XRayRecorder(
          environment: ["LAMBDA_TASK_ROOT": "/var/task"], clock: clock, random: RandomSource(seed: seed),
          emitter: emitter)
        try await withThrowingTaskGroup(of: Void.self) { group in
          for number in 1...5 {
            group.addTask {
              let header = "Root=\(TraceID(epoch: 1, high: 2, low: 3));Parent=000000000000000\(number);Sampled=1"
              try await recorder.withInvocation(header: header) {
                try await recorder.withSubsegment("outer") { _ in
                  try await clock.sleep(for: .milliseconds(100 * number))
                  try await recorder.withSubsegment("inner") { _ in try await clock.sleep(for: .hours(1)) }
                }
              }
            }
          }
          try await group.waitForAll()
        }
        return emitter.documents
      }
    }
    let first = try await run(seed: 1)
    #expect(first.count == 10)
    let (second, other) = (try await run(seed: 1), try await run(seed: 2))
    #expect(second == first && other != first)
  }
}

extension Duration {
  static func hours(_ count: Int) -> Duration { .seconds(3600 * count) }
}
