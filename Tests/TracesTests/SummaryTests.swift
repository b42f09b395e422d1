import Testing
import Traces
import XRayModel

@Suite struct `A trace's summary` {
  @Test func `tells of the root, the whole and the parts`() throws {
    var documents = lambdaDocuments()
    documents[0].resourceARN = "arn:aws:lambda:us-east-1:123456789012:function:resize"
    documents[0].aws = ["ec2": ["instance_id": "i-1", "availability_zone": "us-east-1a"]]
    documents[0].user = "ola"
    documents[0].http = HTTPBlock(
      request: .init(method: "POST", url: "http://example.com/"), response: .init(status: 200))
    documents[2].annotate("bucket", "pictures")
    documents[1].subsegments[0].annotate("attempt", 1)
    let summary = TraceSummary(of: Trace(documents))
    #expect(summary.id == testTrace && summary.start == at(0) && summary.revision == 3)
    #expect(summary.duration == 0.1 && summary.responseTime == 0.1)
    #expect(!summary.hasFault && !summary.hasError && !summary.hasThrottle && !summary.isPartial)
    #expect(summary.http.method == "POST" && summary.http.url == "http://example.com/" && summary.http.status == 200)
    let function = ServiceID(name: "resize", type: "AWS::Lambda::Function")
    #expect(
      summary.annotations == [
        annotation("attempt", 1, [function]), annotation("bucket", "pictures", [function]),
      ])
    #expect(summary.users.map(\.name) == ["ola"])
    #expect(summary.users[0].services == [ServiceID(name: "resize", type: "AWS::Lambda")])
    #expect(
      summary.services.map(\.text) == [
        "pictures:AWS::S3::Bucket", "resize:AWS::Lambda", "resize:AWS::Lambda::Function", "resize:client",
      ])
    #expect(summary.entryPoint == ServiceID(name: "resize", type: "AWS::Lambda"))
    #expect(summary.resourceARNs.count == 1 && summary.instanceIDs == ["i-1"])
    #expect(summary.availabilityZones == ["us-east-1a"])
  }

  private func annotation(
    _ key: String, _ value: AnnotationValue, _ services: [ServiceID]
  ) -> TraceSummary.IndexedAnnotation {
    let segment = Entity.segment(1, "x", 0, 1).with { $0.annotate(key, value) }
    var annotation = TraceSummary(of: Trace([segment])).annotations[0]
    annotation.services = services
    return annotation
  }

  @Test func `takes flags from the root and throttles from everyone`() {
    func summary(_ root: Entity, _ callee: Entity) -> TraceSummary {
      TraceSummary(of: Trace([root.with(.subsegment(2, "api", 10, 20, namespace: "remote")), callee]))
    }
    let web = Entity.segment(1, "web", 0, 100)
    let api = Entity.segment(3, "api", 11, 19, parent: 2)
    let throttled = summary(web, api.with(status: 429))
    #expect(throttled.hasThrottle && !throttled.hasError && !throttled.hasFault)
    let failed = summary(web, api.with { $0.isFault = true })
    #expect(!failed.hasFault)
    #expect(summary(web.with(status: 500), api).hasFault)
    #expect(summary(web.with(status: 404), api).hasError)
  }

  @Test func `ends with whatever ends last`() {
    let summary = TraceSummary(
      of: Trace([
        .segment(1, "work", 0, 15, origin: "AWS::Lambda").with(.subsegment(2, "Attempt #1", 45, 550))
      ]))
    #expect(summary.responseTime == 0.015 && summary.duration == 0.55)
  }

  @Test func `is partial until everything has come`() {
    func isPartial(_ documents: Entity...) -> Bool { TraceSummary(of: Trace(documents)).isPartial }
    let call = Entity.subsegment(2, "api", 10, 20, namespace: "remote")
    let traced = call.with {
      $0.http = HTTPBlock(request: .init())
      $0.http?.request?.isTraced = true
    }
    #expect(isPartial(.segment(1, "web", 0, nil)))
    #expect(isPartial(.segment(1, "web", 0, 100).with(.subsegment(2, "work", 10, nil))))
    #expect(isPartial(.segment(1, "web", 0, 100, parent: 9)))
    #expect(isPartial(.segment(1, "web", 0, 100).with(traced)))
    #expect(!isPartial(.segment(1, "web", 0, 100).with(call)))
    #expect(!isPartial(.segment(1, "web", 0, 100).with(traced), .segment(3, "api", 11, 19, parent: 2)))
  }

  @Test func `without the root's end has no response time`() {
    let summary = TraceSummary(of: Trace([.segment(1, "web", 0, nil)]))
    #expect(summary.responseTime == nil && summary.entryPoint?.name == "web")
  }

  @Test func `takes the earliest segment that nobody called as the root`() {
    let trace = Trace([
      .segment(3, "downstream", -5, 50, parent: 2), .segment(4, "unknown caller", -9, 10, parent: 99),
      .segment(1, "web", 0, 100).with(.subsegment(2, "api", 10, 60, namespace: "remote")),
      .segment(5, "later", 20, 30), .subsegment(6, "orphan", -20, 1, parent: 77),
    ])
    #expect(TraceSummary(of: trace).entryPoint?.name == "web")
    #expect(TraceSummary(of: Trace([trace.segments[0], .segment(9, "y", 5, 6, parent: 98)])).entryPoint?.name == "y")
  }

  @Test func `of subsegments alone knows no entry point`() {
    let summary = TraceSummary(of: Trace([.subsegment(2, "s3", 10, 20, parent: 1, namespace: "aws").throwing("E")]))
    #expect(summary.entryPoint == nil && summary.responseTime == nil)
    #expect(summary.hasFault && summary.isPartial)
    #expect(summary.services.map(\.text) == ["S3:AWS::S3"])
  }

  @Test func `indexes fifty annotations, those of the earliest segments`() {
    var early = Entity.segment(1, "web", 0, 100).with(.subsegment(2, "api", 10, 20, namespace: "remote"))
    var late = Entity.segment(3, "api", 11, 19, parent: 2)
    for number in 0..<30 {
      early.annotate("e\(number)", .number(JSONNumber(number)))
      late.annotate("a\(number)", .number(JSONNumber(number)))
    }
    let summary = TraceSummary(of: Trace([late, early]))
    #expect(summary.annotations.count == TraceSummary.annotationLimit)
    #expect(summary.annotations.count { $0.key.hasPrefix("e") } == 30)
  }

  @Test func `tells one annotation of many services once, and values of one key apart`() {
    let summary = TraceSummary(
      of: Trace([
        .segment(1, "web", 0, 100).with(.subsegment(2, "api", 10, 20, namespace: "remote")).with {
          $0.annotate("user", "ola")
          $0.annotate("count", 45)
        },
        .segment(3, "api", 11, 19, parent: 2).with {
          $0.annotate("user", "ola")
          $0.annotate("count", "45")
        },
      ]))
    #expect(summary.annotations.map(\.key) == ["count", "count", "user"])
    #expect(summary.annotations.map(\.value) == [45, "45", "ola"])
    #expect(summary.annotations[2].services.map(\.name) == ["api", "web"])
  }
}
