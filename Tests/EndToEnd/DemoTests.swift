import Testing
import XRayModel

/// One run of the demo with a fixed seed, shared by the tests that look at its files.
enum DemoRun {
  static let first = Result { try run() }

  static func run() throws -> (directory: String, output: Child.Output) {
    let directory = try TemporaryDirectory.make("demo")
    let output = try Child.run("demo", ["--seed", "7", "--out", directory])
    return (directory, output)
  }

  static func file(_ name: String) throws -> String {
    let run = try first.get()
    return String(decoding: try TemporaryDirectory.read("\(run.directory)/\(name)"), as: UTF8.self)
  }

  static func traces() throws -> DemoTraces { try DemoTraces(file("traces.json")) }
}

@Suite struct `The demo` {
  static let files = [
    "report.html", "traces.json", "traces.otlp.json", "segments.ndjson", "service-map.svg", "summary.csv",
  ]

  @Test func `ends well and says where its files are`() throws {
    let run = try DemoRun.first.get()
    #expect(run.output.status == 0, "\(run.output.standardOutput)\(run.output.standardError)")
    for file in Self.files { #expect(run.output.standardOutput.contains(file)) }
  }

  @Test func `writes the same bytes again for the same seed`() throws {
    let first = try DemoRun.first.get()
    let second = try DemoRun.run()
    for file in Self.files {
      let a = try TemporaryDirectory.read("\(first.directory)/\(file)")
      let b = try TemporaryDirectory.read("\(second.directory)/\(file)")
      #expect(!a.isEmpty && a == b, "\(file) differs between two runs with one seed")
    }
  }

  @Test func `gives every document that it sent to the file of raw documents`() throws {
    let lines = try DemoRun.file("segments.ndjson").split(separator: "\n")
    #expect(lines.count > 50)
    for line in lines {
      let bytes = Array(line.utf8)
      #expect(throws: Never.self) { try SegmentIndex(scanning: bytes.span) }
    }
  }

  @Test func `shows the three kinds of node on the service map`() throws {
    let map = try DemoRun.file("service-map.svg")
    for kind in ["AWS::Lambda", "AWS::Lambda::Function", "AWS::S3"] { #expect(map.contains(kind), "no \(kind) node") }
  }
}

@Suite struct `Traces of the demo` {
  @Test func `link gateway, service, function, invocation and calls as Lambda does`() throws {
    let traces = try DemoRun.traces().traces(of: "create-order")
    try #require(traces.count == 2)
    for trace in traces {
      let stage = try #require(trace.segments(origin: "AWS::ApiGateway::Stage").first)
      let call = try #require(stage.subsegment("Lambda"))
      let service = try #require(trace.segment(origin: "AWS::Lambda", name: "create-order"))
      let function = try #require(trace.segment(origin: "AWS::Lambda::Function", name: "create-order"))
      #expect(service.parent == call.id)
      #expect(function.parent == service.id)
      #expect(service["http"]?["response"]?["status"]?.number?.integer == 200)
      let invocation = try #require(function.subsegment("Invocation"))
      #expect(function.subsegment("Overhead") != nil)
      let put = try #require(invocation.entities.first { $0["aws"]?["operation"]?.string == "PutObject" })
      #expect(put["namespace"]?.string == "aws")
      let bucket = try #require(trace.segments.first { $0["inferred"]?.bool == true })
      #expect(bucket.parent == put.id)
    }
  }

  @Test func `hold an initialization only where an environment was new, before its function segment`() throws {
    let demo = try DemoRun.traces()
    let calls = demo.traces(of: "create-order")
    try #require(calls.count == 2)
    let functions = try calls.map { try #require($0.segment(origin: "AWS::Lambda::Function", name: "create-order")) }
    #expect(functions[0].subsegment("Initialization") != nil)
    #expect(functions[1].subsegment("Initialization") == nil)
    var initializations = 0
    for function in demo.traces.flatMap({ $0.segments(origin: "AWS::Lambda::Function") }) {
      guard let initialization = function.subsegment("Initialization") else { continue }
      initializations += 1
      let end = try #require(initialization.end)
      let start = try #require(function.start)
      #expect(end <= start, "\(function.name)'s initialization ends inside its segment")
    }
    #expect(initializations > 5)
  }

  @Test func `of an asynchronous call have a 202, the dwell time and one attempt`() throws {
    let trace = try #require(try DemoRun.traces().traces(of: "list-tables").first)
    let service = try #require(trace.segment(origin: "AWS::Lambda", name: "list-tables"))
    #expect(service["http"]?["response"]?["status"]?.number?.integer == 202)
    let dwell = try #require(service.subsegment("Dwell Time"))
    let attempt = try #require(service.subsegment("Attempt #1"))
    #expect(dwell.start == service.start)
    #expect(attempt["http"]?["response"]?["status"]?.number?.integer == 200)
    let attemptEnd = try #require(attempt.end)
    let serviceEnd = try #require(service.end)
    #expect(attemptEnd > serviceEnd)
    let function = try #require(trace.segment(origin: "AWS::Lambda::Function", name: "list-tables"))
    #expect(function.parent == attempt.id)
    let invocation = try #require(function.subsegment("Invocation"))
    #expect(invocation.entities.contains { $0["aws"]?["operation"]?.string == "ListTables" })
  }

  @Test func `of a function that fails twice have attempts after one and two minutes`() throws {
    let trace = try #require(try DemoRun.traces().traces(of: "flaky").first)
    let service = try #require(trace.segment(origin: "AWS::Lambda", name: "flaky"))
    let attempts = try (1...3).map { try #require(service.subsegment("Attempt #\($0)")) }
    let starts = try attempts.map { try #require($0.start) }
    let offsets = starts.map { $0 - starts[0] }
    // The waits begin when the attempt before has failed, so offsets exceed 60 and 180 s by the attempts' length.
    #expect(offsets[1] >= 60 && offsets[1] < 65, "second attempt after \(offsets[1]) s")
    #expect(offsets[2] >= 180 && offsets[2] < 190, "third attempt after \(offsets[2]) s")
    let functions = trace.segments(origin: "AWS::Lambda::Function")
    #expect(Set(functions.compactMap(\.parent)) == Set(attempts.map(\.id)))
    #expect(functions.filter { $0["fault"]?.bool == true }.count == 2)
  }

  @Test func `of a function in vain end in three failed attempts`() throws {
    let trace = try #require(try DemoRun.traces().traces(of: "doomed").first)
    #expect(trace.segments(origin: "AWS::Lambda::Function").filter { $0["fault"]?.bool == true }.count == 3)
  }

  @Test func `carry the subsegments and annotations of the guides' examples`() throws {
    let demo = try DemoRun.traces()
    let uptime = try #require(demo.traces(of: "uptime").first).segments.flatMap(\.entities)
    let request = try #require(uptime.first { $0.name == "makeRequest" })
    #expect(request["annotations"]?["responseCode"]?.number?.integer == 200)
    #expect(uptime.contains { $0["aws"]?["table_name"]?.string == "amazon-2xx" })
    let objects = try #require(demo.traces(of: "object-store").first).segments.flatMap(\.entities)
    #expect(objects.first { $0.name == "put_object" }?["annotations"]?["put_response"]?.number?.integer == 200)
    #expect(objects.first { $0.name == "get_object" }?["annotations"]?["get_response"]?.number?.integer == 200)
    let logic = try #require(demo.traces(of: "my-logic").first).segments.flatMap(\.entities)
    #expect(logic.first { $0.name == "MyLogic" }?["annotations"]?["key"]?.string == "value")
    let python = try #require(demo.traces(of: "python-objects").first)
    let function = try #require(python.segment(origin: "AWS::Lambda::Function", name: "python-objects"))
    let put = try #require(function.subsegment("Invocation")?.subsegment("put_object"))
    #expect(put.subsegment("s3") != nil)
  }

  @Test func `show throttles, a timeout, a retried batch and a chain of functions`() throws {
    let demo = try DemoRun.traces()
    let throttled = demo.traces(of: "limited").filter {
      $0.segment(origin: "AWS::Lambda", name: "limited")?["throttle"]?.bool == true
    }
    #expect(!throttled.isEmpty)
    for trace in throttled { #expect(trace.segments(origin: "AWS::Lambda::Function").isEmpty) }
    let timeout = try #require(demo.traces(of: "slow-report").first)
    let slow = try #require(timeout.segment(origin: "AWS::Lambda::Function", name: "slow-report"))
    #expect(slow["fault"]?.bool == true && slow.subsegment("Overhead") == nil)
    let batch = try #require(demo.traces(of: "stream-reader").first)
    #expect(batch.segments(origin: "AWS::Lambda").count == 1)
    #expect(batch.segments(origin: "AWS::Lambda::Function").count == 2)
    let chain = try #require(demo.traces(of: "front").first)
    let front = try #require(chain.segment(origin: "AWS::Lambda::Function", name: "front"))
    let back = try #require(chain.segment(origin: "AWS::Lambda", name: "back"))
    #expect(front.entities.contains { $0.id == back.parent && $0["aws"]?["operation"]?.string == "Invoke" })
  }

  @Test func `exist only for what was sampled`() throws {
    let demo = try DemoRun.traces()
    #expect(demo.traces(of: "pass-through").count == 1)
    #expect(demo.traces(of: "not-sampled").isEmpty)
    let raw = try DemoRun.file("segments.ndjson")
    #expect(!raw.contains("not-sampled"))
  }

  @Test func `have every parent that they name`() throws {
    for trace in try DemoRun.traces().traces {
      let ids = Set(trace.segments.flatMap(\.entities).map(\.id))
      // The entry point's parent may be a caller that sends nothing to us.
      let unresolved = trace.segments.filter { $0.parent.map { !ids.contains($0) } ?? false }
      #expect(unresolved.count <= 1, "\(trace.id)")
    }
  }
}
