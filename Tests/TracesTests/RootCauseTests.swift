import Testing
import Traces
import XRayModel

extension RootCause {
  /// `service[entity,entity!Exception] > service[…]`
  var text: String {
    services.map { service in
      let path = service.path.map { entity in
        entity.name + entity.exceptions.map { "!\($0.name)" }.joined() + (entity.isRemote ? "^" : "")
          + (entity.coverage.map { " \(Int(($0 * 100).rounded()))%" } ?? "")
      }
      return "\(service.id.text)\(service.isInferred ? "*" : "")[\(path.joined(separator: ","))]"
    }.joined(separator: " > ")
  }
}

@Suite struct `Root causes` {
  @Test func `lead from the Lambda service to the exception`() throws {
    var documents = lambdaDocuments()
    documents[0].isFault = true
    documents[1].isFault = true
    documents[1].subsegments[0] = documents[1].subsegments[0].throwing("KeyError", "no such key")
    let summary = TraceSummary(of: Trace(documents))
    #expect(
      summary.faultRootCauses.map(\.text) == [
        "resize:AWS::Lambda[resize] > resize:AWS::Lambda::Function[resize,Invocation!KeyError]"
      ])
    let cause = try #require(summary.faultRootCauses.first)
    #expect(cause.isClientImpacting)
    #expect(cause.services[1].path[1].exceptions.map(\.message) == ["no such key"])
    #expect(summary.errorRootCauses.isEmpty)
  }

  @Test func `end in a service of which only the failure is known`() {
    var documents = lambdaDocuments()
    documents[0].isError = true
    documents[1].isError = true
    documents[1].subsegments[0].isError = true
    documents[2] = documents[2].with(status: 403).with { $0.isError = true }
    #expect(
      TraceSummary(of: Trace(documents)).errorRootCauses.map(\.text) == [
        "resize:AWS::Lambda[resize] > resize:AWS::Lambda::Function[resize,Invocation,s3^] > pictures:AWS::S3::Bucket*[s3]"
      ])
  }

  @Test func `of a failure that was handled do not touch the client`() throws {
    var documents = lambdaDocuments()
    documents[2].isFault = true
    let causes = TraceSummary(of: Trace(documents)).faultRootCauses
    #expect(causes.map(\.text) == ["resize:AWS::Lambda::Function[resize,s3^] > pictures:AWS::S3::Bucket*[s3]"])
    #expect(causes.map(\.isClientImpacting) == [false])
  }

  @Test func `follow the exception that was passed upwards`() {
    let trace = Trace([
      .segment(1, "web", 0, 100).with {
        $0.isFault = true
        $0.cause = .reference(identifier(0xE2).description)
      }.with(
        Entity.subsegment(2, "first", 10, 20).throwing("Handled", id: 0xE1),
        Entity.subsegment(3, "second", 30, 40).with { $0.isFault = true }.with(
          Entity.subsegment(4, "inner", 31, 39).throwing("Passed", id: 0xE2)))
    ])
    #expect(TraceSummary(of: trace).faultRootCauses.map(\.text) == ["web:[web,second,inner!Passed]"])
  }

  @Test func `tell the exception that the last entity refers to`() {
    let trace = Trace([
      .segment(1, "web", 0, 100).with {
        $0.isFault = true
        $0.cause = .reference(identifier(0xE1).description)
      }.with(Entity.subsegment(2, "inner", 10, 20).throwing("Owned", id: 0xE1).with { $0.isFault = false })
    ])
    #expect(TraceSummary(of: trace).faultRootCauses.map(\.text) == ["web:[web!Owned]"])
  }

  @Test func `are not told of failures that nothing explains`() {
    #expect(TraceSummary(of: Trace([.segment(1, "web", 0, 100).with(status: 500)])).faultRootCauses.isEmpty)
  }

  @Test func `of equal failures are told once, and never too many`() {
    let calls = (2...201).map { number in
      Entity.subsegment(number, number < 100 ? "api" : "api \(number)", number, number + 1, namespace: "remote").with {
        $0.isFault = true
      }
    }
    let trace = Trace([.segment(1, "web", 0, 500).with { $0.subsegments = calls }])
    let causes = TraceSummary(of: trace).faultRootCauses
    #expect(causes.count { $0.text == "web:[web,api^] > api:remote*[api]" } == 1)
    #expect(causes.count == 50)
  }

  @Test func `of response time follow the longest part while it is more than half`() {
    let trace = Trace([
      .segment(1, "web", 0, 1000).with(
        .subsegment(2, "prepare", 0, 100),
        .subsegment(3, "work", 100, 900).with(.subsegment(4, "api", 150, 850, namespace: "remote"))),
      .segment(5, "api", 160, 840, parent: 4).with(.subsegment(6, "a", 160, 500), .subsegment(7, "b", 500, 840)),
    ])
    #expect(
      TraceSummary(of: trace).responseTimeRootCauses.map(\.text) == [
        "web:[web 100%,work 80%,api^ 70%] > api:[api 68%]"
      ])
    #expect(TraceSummary(of: Trace([.segment(1, "web", 0, 1000)])).responseTimeRootCauses.isEmpty)
    #expect(TraceSummary(of: Trace([.segment(1, "web", 0, nil)])).responseTimeRootCauses.isEmpty)
  }
}
