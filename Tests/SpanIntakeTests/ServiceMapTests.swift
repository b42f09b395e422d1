import Testing
import Traces
import XRayModel

@testable import SpanIntake

@Suite struct `Spans of a trace` {
  private func span(
    _ service: String, _ id: String, _ parent: String, _ kind: Int, _ attributes: [String: JSONValue] = [:]
  ) throws -> [Entity] {
    let json = Sample.json(
      resource: ["service.name": .string(service)], kind: kind, attributes: attributes,
      ["spanId": .string(id), "parentSpanId": .string(parent), "name": "work"])
    return try SpanConversion(try OTLPRequest(json: json)).documents.entities
  }

  @Test func `make one trace of services that call each other, whatever their order`() throws {
    var documents = try span("script", "000000000000000a", "", 3, ["http.host": "shop"])
    documents += try span("shop", "000000000000000b", "000000000000000a", 2, ["http.method": "GET"])
    documents += try span("shop", "000000000000000c", "000000000000000b", 1)
    documents += try span(
      "shop", "000000000000000d", "000000000000000c", 3, ["rpc.system": "aws-api", "rpc.service": "DynamoDB"])
    let traceID = try #require(TraceID(w3c: Sample.traceID))
    let trace = Trace(id: traceID, compiling: documents)
    #expect(trace == Trace(id: traceID, compiling: documents.reversed()))
    #expect(Set(trace.segments.compactMap(\.name)) == ["script", "shop", "DynamoDB"])
    let shop = try #require(trace.segments.first { $0.name == "shop" })
    #expect(shop.subsegments.map(\.name) == ["work"])
    #expect(shop.subsegments.first?.subsegments.map(\.name) == ["DynamoDB"])
    #expect(trace.segments.first { $0.name == "DynamoDB" }?.isInferred == true)
    #expect(trace.segments.first { $0.name == "script" }?.subsegments.map(\.name) == ["shop"])
  }
}
