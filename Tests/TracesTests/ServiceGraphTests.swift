import Testing
import Traces
import XRayModel

extension ServiceGraph {
  func node(_ name: String, _ type: String?) -> Service? { services.first { $0.id.name == name && $0.id.type == type } }

  /// Edges as text.
  var edges: [String] {
    services.flatMap { service in
      service.edges.map { edge in
        "\(service.id.text) \(edge.isLink ? "~>" : "->") \(services[edge.target].id.text) \(edge.statistics.total)"
      }
    }
  }
}

extension ServiceID {
  var text: String { "\(name):\(type ?? "")" }
}

@Suite struct `A service graph` {
  @Test func `of a Lambda function is client, service, function and downstream`() throws {
    let graph = ServiceGraph(of: [Trace(lambdaDocuments())])
    #expect(
      graph.services.map(\.id.text) == [
        "pictures:AWS::S3::Bucket", "resize:AWS::Lambda", "resize:AWS::Lambda::Function", "resize:client",
      ])
    #expect(
      graph.edges == [
        "resize:AWS::Lambda -> resize:AWS::Lambda::Function 1",
        "resize:AWS::Lambda::Function -> pictures:AWS::S3::Bucket 1", "resize:client -> resize:AWS::Lambda 1",
      ])
    #expect(graph.services.map(\.isRoot) == [false, true, false, false])
    #expect(graph.services.map(\.state) == [.unknown, .active, .active, .unknown])
    let client = try #require(graph.node("resize", "client"))
    #expect(client.statistics == nil && client.responseTimes.count == 0 && client.durations.count == 0)
    #expect(client.edges[0].statistics.totalResponseTime == 0.1)
    let service = try #require(graph.node("resize", "AWS::Lambda"))
    #expect(service.statistics?.totalResponseTime == 0.1)
    // Nobody but the function itself tells how long the service waited for it.
    #expect(service.edges[0].statistics.totalResponseTime == 0.088)
    let function = try #require(graph.node("resize", "AWS::Lambda::Function"))
    #expect(function.edges[0].statistics.totalResponseTime == 0.04)
    #expect(function.start == at(10) && function.end == at(98))
    #expect(function.edges[0].start == function.start && function.edges[0].end == function.end)
    #expect(graph.start == at(0) && graph.end == at(100))
  }

  @Test func `of an asynchronous invocation leads from the attempt to its function`() throws {
    let service = Entity.segment(0xA, "work", 0, 15, origin: "AWS::Lambda").with(status: 202).with(
      .subsegment(1, "Dwell Time", 0, 45), .subsegment(2, "Attempt #1", 45, 550).with(status: 200))
    let function = Entity.segment(0xF, "work", 50, 540, parent: 2, origin: "AWS::Lambda::Function")
    let graph = ServiceGraph(of: [Trace([service, function])])
    #expect(
      graph.edges == [
        "work:AWS::Lambda -> work:AWS::Lambda::Function 1", "work:client -> work:AWS::Lambda 1",
      ])
    let node = try #require(graph.node("work", "AWS::Lambda"))
    #expect(node.responseTimes.entries.map(\.value) == [0.015])
    // The work goes on after the response.
    #expect(node.durations.entries.map(\.value) == [0.55])
  }

  @Test func `counts a call as its caller saw it and the callee as it saw itself`() throws {
    let trace = Trace([
      .segment(1, "web", 0, 100, origin: "AWS::EC2::Instance").with(
        .subsegment(2, "api.example.com", 10, 60, namespace: "remote").with(status: 502)),
      .segment(3, "api", 20, 50, parent: 2).with(status: 200),
    ])
    let graph = ServiceGraph(of: [trace])
    let edge = try #require(graph.node("web", "AWS::EC2::Instance")?.edges.first)
    #expect(edge.statistics.fault == 1 && edge.statistics.totalResponseTime == 0.05)
    #expect(edge.aliases == [ServiceID(name: "api.example.com", type: "remote")])
    let callee = try #require(graph.node("api", nil)?.statistics)
    #expect(callee.ok == 1 && callee.totalResponseTime == 0.03)
  }

  @Test func `counts a call once, however many segments of a service answer it`() throws {
    let trace = Trace([
      .segment(1, "web", 0, 100).with(.subsegment(2, "api", 10, 60, namespace: "remote")),
      .segment(3, "api", 15, 30, parent: 2).with(status: 500), .segment(4, "api", 35, 55, parent: 2),
    ])
    let graph = ServiceGraph(of: [trace])
    #expect(graph.edges == ["web: -> api: 1", "web:client -> web: 1"])
    #expect(graph.node("api", nil)?.statistics?.total == 2)
  }

  @Test func `has no alias where caller and callee agree`() throws {
    let call = Entity.subsegment(
      2, "Lambda", 10, 60, namespace: "aws", aws: ["operation": "Invoke", "function_name": "resize"])
    let graph = ServiceGraph(of: [
      Trace([.segment(1, "web", 0, 100).with(call), .segment(3, "resize", 12, 58, parent: 2, origin: "AWS::Lambda")])
    ])
    #expect(graph.services.count == 3)
    #expect(graph.node("web", nil)?.edges.first?.aliases == [])
  }

  @Test func `joins calls to one table and tells tables from one another`() {
    func trace(_ number: Int, _ table: String) -> Trace {
      let id = TraceID(epoch: 1, high: 0, low: UInt64(number))
      let call = Entity.subsegment(
        2, number == 1 ? "dynamodb" : "DynamoDB", 10, 20, namespace: "aws",
        aws: ["operation": "GetItem", "table_name": .string(table)])
      return Trace(id: id, compiling: [Entity.segment(1, "web", 0, 100, in: id).with(call)])
    }
    let graph = ServiceGraph(of: [trace(1, "users"), trace(2, "users"), trace(3, "orders")])
    #expect(
      graph.edges == [
        "web: -> orders:AWS::DynamoDB::Table 1", "web: -> users:AWS::DynamoDB::Table 2", "web:client -> web: 3",
      ])
    #expect(graph.services.map(\.state) == [.unknown, .unknown, .active, .unknown])
  }

  @Test(
    arguments: [
      (200, [], .ok), (429, [], .throttle), (404, [], .error), (503, [], .fault), (200, .fault, .fault),
      (200, .error, .error), (200, [.error, .throttle], .throttle), (404, [.error, .fault], .fault),
      (500, .throttle, .throttle),
    ] as [(Int, SegmentIndex.Outcome, Outcome)])
  func `counts each request once by its worst outcome`(
    status: Int, flags: SegmentIndex.Outcome, expected: Outcome
  ) throws {
    let segment = Entity.segment(1, "web", 0, 100).with(status: status).with {
      $0.isError = flags.contains(.error)
      $0.isFault = flags.contains(.fault)
      $0.isThrottle = flags.contains(.throttle)
    }
    let statistics = try #require(ServiceGraph(of: [Trace([segment])]).node("web", nil)?.statistics)
    let counts: [Outcome: Int] = [
      .ok: statistics.ok, .error: statistics.error, .fault: statistics.fault, .throttle: statistics.throttle,
    ]
    #expect(counts[expected] == 1 && statistics.total == 1)
  }

  @Test func `shows what is in progress without counting it`() throws {
    let trace = Trace([.segment(1, "web", 0, nil).with(.subsegment(2, "s3", 10, nil, namespace: "aws"))])
    let graph = ServiceGraph(of: [trace])
    #expect(graph.edges == ["web: -> S3:AWS::S3 0", "web:client -> web: 0"])
    #expect(graph.services.allSatisfy { ($0.statistics?.total ?? 0) == 0 && $0.responseTimes.count == 0 })
  }

  @Test func `shows calls whose segment has not come without a caller`() {
    let graph = ServiceGraph(of: [Trace([.subsegment(2, "s3", 10, 20, parent: 1, namespace: "aws")])])
    #expect(graph.services.map(\.id.text) == ["S3:AWS::S3"])
    #expect(graph.edges.isEmpty)
  }

  @Test(arguments: [true, false]) func `joins linked traces`(producerTells: Bool) throws {
    let other = TraceID(epoch: 2, high: 0, low: 2)
    func link(_ trace: TraceID, _ number: Int, _ type: String) -> (inout Entity) -> Void {
      {
        $0.links = [
          TraceLink(
            traceID: trace, id: identifier(number), attributes: ["aws.xray.reserved.reference_type": .string(type)])
        ]
      }
    }
    let invocation = Entity.subsegment(0xF2, "Invocation", 10, 40)
    let producer = Entity.segment(0xF, "send", 5, 50, origin: "AWS::Lambda::Function").with(
      producerTells ? invocation.with(link(other, 0xA, "child")) : invocation)
    let receiver = Entity.segment(0xA, "receive", 70, 100, origin: "AWS::Lambda", in: other)
    let consumer = producerTells ? receiver : receiver.with(link(testTrace, 0xF, "parent"))
    let traces = [Trace([producer]), Trace(id: other, compiling: [consumer])]
    for traces in [traces, traces.reversed()] {
      let graph = ServiceGraph(of: traces)
      #expect(
        graph.edges == [
          "receive:client -> receive:AWS::Lambda 1", "send:AWS::Lambda::Function ~> receive:AWS::Lambda 1",
          "send:client -> send:AWS::Lambda::Function 1",
        ])
      let edge = try #require(graph.node("send", "AWS::Lambda::Function")?.edges.first)
      #expect(edge.responseTimes.entries.map(\.value) == [producerTells ? 0.03 : 0.065])
      #expect(edge.statistics.totalResponseTime == 0.03)
    }
    #expect(ServiceGraph(of: traces.prefix(1)).edges.count == 1)
  }

  @Test func `orders a service without a type before one with an empty type`() {
    let traces = [nil, "", "a"].enumerated().map { number, origin in
      Trace([.segment(number + 1, "web", 0, 10, parent: 99, origin: origin)])
    }
    #expect(ServiceGraph(of: traces.reversed()).services.map(\.id.type) == [nil, "", "a", "client"])
  }

  @Test func `survives segments that call one another in a circle`() {
    let trace = Trace([.segment(1, "a", 0, 10, parent: 2), .segment(2, "b", 5, 15, parent: 1)])
    #expect(ServiceGraph(of: [trace]).edges.sorted() == ["a: -> b: 1", "a:client -> a: 1", "b: -> a: 1"])
    #expect(TraceSummary(of: trace).entryPoint?.name == "a")
  }
}
