import XRayModel

/// The two encodings of OTLP over HTTP.
public enum OTLPEncoding: Hashable, Sendable {
  case protobuf
  case json

  /// Reads a `Content-Type`, with or without parameters; `nil` for what is neither.
  public init?(contentType: some StringProtocol) {
    let type = contentType.split(separator: ";").first?.lowercased().filter { $0 != " " && $0 != "\t" }
    switch type {
    case "application/x-protobuf", "application/protobuf": self = .protobuf
    case "application/json": self = .json
    default: return nil
    }
  }

  /// The `Content-Type` of answers, which is that of the request.
  public var contentType: String {
    switch self {
    case .protobuf: "application/x-protobuf"
    case .json: "application/json"
    }
  }
}

/// What OTLP answers: bodies only, the server adds status and headers.
public enum OTLPResponse {
  /// The body of a 200: an `ExportTraceServiceResponse`, with `partial_success` when spans were rejected or there is
  /// something to tell. Clients must not send rejected spans again.
  public static func success(rejectedSpans: Int = 0, message: String = "", _ encoding: OTLPEncoding) -> [UInt8] {
    let isPartial = rejectedSpans > 0 || !message.isEmpty
    switch encoding {
    case .protobuf:
      guard isPartial else { return [] }
      var partial: [UInt8] = []
      if rejectedSpans > 0 { partial.append(field: 1, number: UInt64(rejectedSpans)) }
      if !message.isEmpty { partial.append(field: 2, bytes: Array(message.utf8)) }
      var body: [UInt8] = []
      body.append(field: 1, bytes: partial)
      return body
    case .json:
      var writer = JSONWriter()
      writer.object { writer in
        guard isPartial else { return }
        writer.key("partialSuccess")
        writer.object { writer in
          // 64-bit numbers are text in protobuf's JSON.
          if rejectedSpans > 0 { writer.member("rejectedSpans", String(rejectedSpans)) }
          if !message.isEmpty { writer.member("errorMessage", message) }
        }
      }
      return writer.bytes
    }
  }

  /// The body of an error: a `google.rpc.Status`.
  ///
  /// - Parameter code: A gRPC code, such as 3 for a request that cannot be read or 14 for a store that does not answer.
  public static func failure(code: Int, message: String, _ encoding: OTLPEncoding) -> [UInt8] {
    switch encoding {
    case .protobuf:
      var body: [UInt8] = []
      if code != 0 { body.append(field: 1, number: UInt64(bitPattern: Int64(code))) }
      if !message.isEmpty { body.append(field: 2, bytes: Array(message.utf8)) }
      return body
    case .json:
      var writer = JSONWriter()
      writer.object { writer in
        writer.member("code", code)
        writer.member("message", message)
      }
      return writer.bytes
    }
  }
}

extension [UInt8] {
  fileprivate mutating func append(varint value: UInt64) {
    var value = value
    while value >= 0x80 {
      append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    append(UInt8(value))
  }

  fileprivate mutating func append(field: UInt64, number: UInt64) {
    append(varint: field << 3)
    append(varint: number)
  }

  fileprivate mutating func append(field: UInt64, bytes: [UInt8]) {
    append(varint: field << 3 | 2)
    append(varint: UInt64(bytes.count))
    append(contentsOf: bytes)
  }
}
