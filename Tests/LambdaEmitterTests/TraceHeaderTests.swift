import LambdaEmitter
import Testing
import XRayModel
import XRaySampler

@Suite struct `The tracing header` {
  struct Row: Sendable, CustomTestStringConvertible {
    var mode: TracingMode
    var incoming: String?
    var samplerSays = true
    /// Whether segments are emitted.
    var isTraced: Bool
    /// The function's header; `V` stands for the Invocation's id, `R` and `P` for fresh ids.
    var outgoing: String
    var isSamplerAsked: Bool
    var testDescription: String { "\(mode) \(incoming ?? "none") \(samplerSays)" }
  }

  static let root = "Root=1-58406520-a006649127e371903a2de979"
  static let parent = "Parent=4c721bf33e3caf8f"
  static let rows = [
    // Active: a decision upstream wins; without one the sampler decides.
    Row(
      mode: .active, incoming: "\(root);\(parent);Sampled=1", samplerSays: false, isTraced: true,
      outgoing: "\(root);Parent=V;Sampled=1", isSamplerAsked: false),
    Row(
      mode: .active, incoming: "\(root);\(parent);Sampled=0", isTraced: false,
      outgoing: "\(root);Parent=P;Sampled=0", isSamplerAsked: false),
    Row(
      mode: .active, incoming: "\(root);\(parent);Sampled=0;Lineage=1:a87bd80c:0", isTraced: false,
      outgoing: "\(root);Parent=P;Sampled=0;Lineage=1:a87bd80c:0", isSamplerAsked: false),
    Row(
      mode: .active, incoming: "\(root);\(parent)", isTraced: true,
      outgoing: "\(root);Parent=V;Sampled=1", isSamplerAsked: true),
    Row(
      mode: .active, incoming: "\(root);Sampled=?", samplerSays: false, isTraced: false,
      outgoing: "\(root);Parent=P;Sampled=0", isSamplerAsked: true),
    Row(
      mode: .active, incoming: "\(root);Sampled=?;Self=1-1-1;color=red", isTraced: true,
      outgoing: "\(root);Parent=V;Sampled=1", isSamplerAsked: true),
    Row(mode: .active, incoming: nil, isTraced: true, outgoing: "Root=R;Parent=V;Sampled=1", isSamplerAsked: true),
    Row(
      mode: .active, incoming: nil, samplerSays: false, isTraced: false,
      outgoing: "Root=R;Parent=P;Sampled=0", isSamplerAsked: true),
    // What cannot be read begins a new trace.
    Row(
      mode: .active, incoming: "Root=;\(parent);Sampled=1", isTraced: true,
      outgoing: "Root=R;Parent=V;Sampled=1", isSamplerAsked: true),
    Row(
      mode: .active, incoming: "garbage", samplerSays: false, isTraced: false,
      outgoing: "Root=R;Parent=P;Sampled=0", isSamplerAsked: true),
    Row(
      mode: .passThrough, incoming: "Root=1-2-3;Sampled=1", isTraced: false,
      outgoing: "Root=R;Parent=P;Sampled=0", isSamplerAsked: false),
    // PassThrough: traced only where upstream sampled; anything else goes through unchanged.
    Row(
      mode: .passThrough, incoming: "\(root);\(parent);Sampled=1", isTraced: true,
      outgoing: "\(root);Parent=V;Sampled=1", isSamplerAsked: false),
    Row(
      mode: .passThrough, incoming: "\(root);\(parent);Sampled=0;color=red", isTraced: false,
      outgoing: "\(root);\(parent);Sampled=0;color=red", isSamplerAsked: false),
    Row(
      mode: .passThrough, incoming: "\(root);\(parent)", isTraced: false,
      outgoing: "\(root);\(parent)", isSamplerAsked: false),
    Row(
      mode: .passThrough, incoming: "\(root);Sampled=?", isTraced: false,
      outgoing: "\(root);Sampled=?", isSamplerAsked: false),
    Row(
      mode: .passThrough, incoming: nil, isTraced: false,
      outgoing: "Root=R;Parent=P;Sampled=0", isSamplerAsked: false),
  ]

  @Test(arguments: rows) func `decides what is traced and what the function is told`(row: Row) async throws {
    let seen = Notes<String>()
    let sampler = CountingSampler(row.samplerSays)
    let recorder = try await Fixture.run(sampler: sampler) { fixture in
      try fixture.function {
        $0.tracingMode = row.mode
      } handler: { event, context in
        seen.add(context.traceHeader)
        return event.bytes
      }
      let result = try await fixture.service.invoke("worker", traceHeader: row.incoming)
      #expect(result.traceHeader.sampling == (row.isTraced ? .sampled : .notSampled))
      let isMalformed = row.incoming != nil && row.outgoing.hasPrefix("Root=R")
      #expect(fixture.service.malformedTraceHeaders == (isMalformed ? 1 : 0))
    }
    #expect(recorder.documents.count == (row.isTraced ? 2 : 0))
    #expect(sampler.count == (row.isSamplerAsked ? 1 : 0))
    let text = try #require(seen.all.first)
    let header = try TraceHeader(parsing: text)
    var expected = row.outgoing.replacing("=R;", with: "=\(header.root);")
    if let invocation = recorder.functions.first?.part("Invocation") {
      expected = expected.replacing("=V;", with: "=\(invocation.id);")
    } else if let parent = header.parent {
      expected = expected.replacing("=P;", with: "=\(parent);")
    }
    #expect(text == expected)
    if row.outgoing.contains("=P;") { #expect(header.parent?.description != "4c721bf33e3caf8f") }
  }

  @Test func `is sampled once a second and 5 percent beyond by default`() async throws {
    let traced = Notes<Int>()
    try await Simulation.run(from: startOfTime) { clock in
      let recorder = Recorder()
      let random = RandomSource(seed: 3)
      let service = LambdaService(clock: clock, random: random, emitter: recorder, timing: .measured)
      service.putRole(try ExecutionRole(arn: roleARN, managedPolicies: ["AWSXrayWriteOnlyAccess"]))
      var configuration = FunctionConfiguration(name: "worker", role: roleARN)
      configuration.tracingMode = .active
      try service.createFunction(configuration) { event, _ in event.bytes }
      for _ in 0..<20 {
        _ = try await service.invoke("worker")
        try await clock.sleep(for: .seconds(1))
      }
      traced.add(recorder.services.count)
      for _ in 0..<1000 { _ = try await service.invoke("worker") }
      traced.add(recorder.services.count - 20)
    }
    #expect(traced.all[0] == 20)
    #expect((25...90).contains(traced.all[1]))
  }
}
