import XRayModel

/// A call of X-Ray's API as it goes over the wire.
struct APICall {
  let bytes: [UInt8]

  /// By this, servers for all of AWS know which service a call is for; nobody here checks the signature.
  private static let signature =
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/xray/aws4_request, SignedHeaders=host, Signature=0"

  private init(_ path: String, _ members: (inout JSONWriter) -> Void) {
    var writer = JSONWriter()
    writer.object(members)
    let body = writer.bytes
    let head = """
      POST \(path) HTTP/1.1\r
      Host: 127.0.0.1\r
      Content-Type: application/json\r
      Authorization: \(Self.signature)\r
      Content-Length: \(body.count)\r
      \r

      """
    bytes = Array(head.utf8) + body
  }

  static func putTraceSegments(_ documents: ArraySlice<[UInt8]>) -> APICall {
    APICall("/TraceSegments") { writer in
      writer.key("TraceSegmentDocuments")
      writer.array { writer in for document in documents { writer.string(String(decoding: document, as: UTF8.self)) } }
    }
  }

  static func batchGetTraces(_ ids: some Sequence<TraceID>) -> APICall {
    APICall("/Traces") { writer in
      writer.key("TraceIds")
      writer.array { writer in for id in ids { writer.string("\(id)") } }
    }
  }

  /// The first page.
  static func getTraceSummaries(_ range: Range<Timestamp>, matching filter: String?) -> APICall {
    APICall("/TraceSummaries") { writer in
      writer.member("StartTime", range.lowerBound)
      writer.member("EndTime", range.upperBound)
      if let filter { writer.member("FilterExpression", filter) }
    }
  }
}
