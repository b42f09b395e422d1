/// What an OpenTelemetry exporter sends: an `ExportTraceServiceRequest`, from protobuf or from OTLP's JSON.
public struct OTLPRequest: Sendable {
  let resources: [SpanResource]

  /// Spans in the request, wherever they lie.
  public var spanCount: Int { resources.reduce(0) { $0 + $1.spanCount } }

  /// Reads the protobuf form. Unknown fields are passed over; what OTLP calls invalid in one span, such as an id of
  /// a wrong length, is left for ``SpanConversion`` to count.
  public init(protobuf bytes: [UInt8], limits: IntakeLimits = IntakeLimits()) throws(IntakeError) {
    try limits.check(bytes: bytes.count)
    var reader = OTLPProtobufReader(limits: limits)
    resources = try reader.request(WireReader(bytes))
  }

  /// Reads the JSON form: ids are hexadecimal in either case, 64-bit numbers text or numbers, enumerations numbers
  /// or names. Unknown members are passed over.
  public init(json bytes: [UInt8], limits: IntakeLimits = IntakeLimits()) throws(IntakeError) {
    try limits.check(bytes: bytes.count)
    var reader = OTLPJSONReader(limits: limits)
    resources = try reader.request(bytes)
  }
}

extension IntakeLimits {
  func check(bytes count: Int) throws(IntakeError) {
    guard count <= bytes else { throw IntakeError(.tooLarge, "\(count) bytes, more than \(bytes)", at: "request") }
  }
}
