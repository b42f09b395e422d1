import Testing
import TraceReports
import Traces
import XRayModel

@testable import SpanIntake

@Suite struct `A trace that was exported and taken in again` {
  static let segment = """
    {"id":"00000000000000a1","name":"shop","trace_id":"1-5fe5e0c1-a006649127e371903a2de979",
     "start_time":1609000000.1234567,"end_time":1609000000.5,"origin":"AWS::Lambda::Function",
     "resource_arn":"arn:aws:lambda:eu-west-1:123456789012:function:shop","user":"kim","fault":true,
     "http":{"request":{"method":"GET","url":"https://shop.example.com/carts?x=1","user_agent":"curl",
     "client_ip":"1.2.3.4"},
     "response":{"status":503,"content_length":12}},
     "service":{"version":"7"},
     "aws":{"account_id":"123456789012","xray":{"sdk":"X-Ray for Python","sdk_version":"2.14.0"}},
     "annotations":{"tenant":"t1","size":3,"vip":true},"metadata":{"default":{"cart":[1,2]},"billing":{"sum":7.5}},
     "cause":{"exceptions":[{"id":"00000000000000e1","type":"ValueError","message":"bad cart",
     "stack":[{"path":"/app/cart.py","line":12,"label":"load"}]}]},
     "links":[{"trace_id":"1-5fe5e0c1-bbbbbbbbbbbbbbbbbbbbbbbb","id":"2222222222222222",
     "attributes":{"why":"batch"}}],
     "subsegments":[
      {"id":"00000000000000b1","name":"DynamoDB","start_time":1609000000.2,"end_time":1609000000.3,"namespace":"aws",
       "error":true,"throttle":true,"http":{"response":{"status":429}},
       "aws":{"operation":"GetItem","region":"eu-west-1","request_id":"r1","table_name":"carts","retries":2}},
      {"id":"00000000000000b2","name":"carts@db","start_time":1609000000.3,"end_time":1609000000.35,
       "namespace":"remote",
       "sql":{"database_type":"mysql","sanitized_query":"SELECT 1"}},
      {"id":"00000000000000b3","name":"## load","start_time":1609000000.36,"in_progress":true}]}
    """

  @Test func `says the same, but for what OTLP has no words for`() throws {
    let original = try Entity(document: Array(Self.segment.utf8).span)
    let trace = Trace(id: try #require(original.traceID), compiling: [original])
    let exported = OTLPExport.json([trace])
    let conversion = SpanConversion(try OTLPRequest(json: Array(exported.utf8)))
    #expect(conversion.rejectedSpans == 0)
    let entities = try conversion.documents.entities
    func entity(_ id: String) -> Entity? { entities.first { $0.id == EntityID(id) } }
    let segment = try #require(entity("00000000000000a1"))
    #expect(segment.name == original.name && segment.kind == .segment && segment.traceID == original.traceID)
    #expect(segment.start == original.start && segment.end == original.end)
    #expect(segment.isFault && !segment.isError && segment.user == "kim" && segment.origin == original.origin)
    #expect(segment.resourceARN == original.resourceARN && segment.service == original.service)
    #expect(segment.http == original.http)
    #expect(segment.aws["xray"] == original.aws["xray"] && segment.aws["account_id"] == original.aws["account_id"])
    #expect(Set(segment.annotations) == Set(original.annotations))
    #expect(segment.metadata["default"] == original.metadata["default"])
    #expect(segment.metadata["billing"] == original.metadata["billing"])
    #expect(segment.links == original.links)
    guard case .exceptions(let cause)? = segment.cause else {
      Issue.record("no cause")
      return
    }
    #expect(cause.exceptions.first?.type == "ValueError" && cause.exceptions.first?.message == "bad cart")
    #expect(cause.exceptions.first?.stack == [StackFrame(path: "/app/cart.py", line: 12, label: "load")])
    for subsegment in original.subsegments {
      let read = try #require(entity(subsegment.id.description))
      #expect(read.kind == .subsegment && read.parentID == original.id)
      #expect(read.start == subsegment.start && read.end == subsegment.end)
      #expect(read.isError == subsegment.isError && read.isThrottle == subsegment.isThrottle)
      #expect(read.isFault == subsegment.isFault && read.namespace == subsegment.namespace)
      #expect(read.sql == subsegment.sql && read.http == subsegment.http)
      #expect(read.aws.members.sorted { $0.key < $1.key } == subsegment.aws.members.sorted { $0.key < $1.key })
      #expect(read.name == subsegment.name)
    }
  }
}
