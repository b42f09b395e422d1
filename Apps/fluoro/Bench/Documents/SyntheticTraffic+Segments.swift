import XRayModel

extension SyntheticTraffic {
  /// API Gateway's segment of a request to a function.
  func gatewaySegment(
    _ function: SyntheticFunction, _ trace: TraceID, call: EntityID, start: Timestamp, end: Timestamp
  ) -> [UInt8] {
    document(trace, random.entityID(), "shop/prod", start.rounded(toTicks: 10_000), end.rounded(toTicks: 10_000)) {
      writer in
      writer.member("origin", "AWS::ApiGateway::Stage")
      writer.member(
        "resource_arn",
        "arn:aws:apigateway:\(SyntheticFunction.region)::/restapis/\(function.api)/stages/prod")
      let url = "https://\(function.api).execute-api.\(SyntheticFunction.region).amazonaws.com/prod/\(function.table)"
      writer.http(method: "GET", url: url, status: 200) { writer in
        writer.member("client_ip", "203.0.113.\(random.next() % 200)")
        writer.member("user_agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
        writer.member("x_forwarded_for", true)
      }
      writer.member("aws") { writer in
        writer.member("api_gateway") { writer in
          writer.member("account_id", SyntheticFunction.account)
          writer.member("rest_api_id", function.api)
          writer.member("stage", "prod")
          writer.member("request_id", random.requestID())
        }
      }
      writer.elements("subsegments") { writer in
        writer.object { writer in
          writer.head(call, "Lambda", start.advanced(by: .milliseconds(1)), end.advanced(by: .milliseconds(-1)))
          writer.member("namespace", "aws")
          writer.response(status: 200, length: random.next() % 2000)
          writer.member("aws") { writer in
            writer.member("function_name", function.name)
            writer.member("operation", "Invoke")
            writer.member("region", SyntheticFunction.region)
          }
        }
      }
    }
  }

  /// The Lambda service's segment of an invocation.
  func serviceSegment(
    _ function: SyntheticFunction, _ trace: TraceID, _ id: EntityID, _ parent: EntityID?, _ start: Timestamp,
    _ end: Timestamp, fails: Bool
  ) -> [UInt8] {
    let early = start.advanced(by: .milliseconds(-2)).rounded(toTicks: 10_000)
    return document(trace, id, function.name, early, end.rounded(toTicks: 10_000)) { writer in
      if let parent { writer.member("parent_id", "\(parent)") }
      writer.member("origin", "AWS::Lambda")
      writer.member("resource_arn", function.arn)
      if fails { writer.member("fault", true) }
      writer.response(status: fails ? 502 : 200, length: nil)
      writer.member("aws") { $0.member("request_id", random.requestID()) }
    }
  }

  /// The function's own segment; `content` writes its subsegments, which tell when it started and ended.
  func functionSegment(
    _ function: SyntheticFunction, _ trace: TraceID, id: EntityID, parent: EntityID, fails: Bool,
    _ content: (SyntheticTraffic, inout JSONWriter) -> (start: Timestamp, end: Timestamp)
  ) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("trace_id", "\(trace)")
      writer.member("id", "\(id)")
      writer.member("name", function.name)
      writer.member("parent_id", "\(parent)")
      writer.member("origin", "AWS::Lambda::Function")
      writer.member("aws") { writer in
        writer.member("account_id", SyntheticFunction.account)
        writer.member("function_arn", function.arn)
        writer.elements("resource_names") { $0.string(function.name) }
      }
      if fails { writeException(to: &writer) }
      let times = content(self, &writer)
      writer.member("start_time", times.start)
      writer.member("end_time", times.end)
    }
    return writer.bytes
  }

  /// A part of a function's work that its SDK sent on its own.
  func streamedSubsegment(_ trace: TraceID, parent: EntityID, _ cursor: inout CallCursor) -> [UInt8] {
    let times = cursor.advance(by: span(20))
    return document(trace, random.entityID(), "## render", times.start, times.end) { writer in
      writer.member("type", "subsegment")
      writer.member("parent_id", "\(parent)")
      writer.member("annotations") { $0.member("items", random.next() % 50) }
    }
  }

  private func writeException(to writer: inout JSONWriter) {
    writer.member("fault", true)
    writer.member("cause") { writer in
      writer.member("working_directory", "/var/task")
      writer.elements("exceptions") { writer in
        writer.object { writer in
          writer.member("id", "\(random.entityID())")
          writer.member("type", "TimeoutError")
          writer.member("message", "no answer from the partner within \(random.next() % 5000) ms")
          writer.member("remote", false)
          writer.elements("stack") { writer in for frame in Self.stack { writer.value(frame) } }
        }
      }
    }
  }

  private static let stack: [JSONValue] = [
    ("handler.js", 41, "exports.handler"), ("lib/partner.js", 118, "request"), ("lib/partner.js", 77, "retry"),
    ("node_modules/client/index.js", 303, "Client.send"), ("node:internal/timers", 581, "listOnTimeout"),
  ].map { path, line, label in
    .object(["path": .string("/var/task/\(path)"), "line": .number(JSONNumber(line)), "label": .string(label)])
  }

  private func document(
    _ trace: TraceID, _ id: EntityID, _ name: String, _ start: Timestamp, _ end: Timestamp,
    _ members: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("trace_id", "\(trace)")
      writer.head(id, name, start, end)
      members(&writer)
    }
    return writer.bytes
  }
}

extension JSONWriter {
  mutating func member(_ key: String, _ members: (inout JSONWriter) -> Void) {
    self.key(key)
    object(members)
  }

  mutating func head(_ id: EntityID, _ name: String, _ start: Timestamp, _ end: Timestamp) {
    member("id", "\(id)")
    member("name", name)
    member("start_time", start)
    member("end_time", end)
  }

  mutating func elements(_ key: String, _ elements: (inout JSONWriter) -> Void) {
    self.key(key)
    array(elements)
  }

  mutating func response(status: Int, length: UInt64?) {
    member("http") { $0.answer(status: status, length: length) }
  }

  mutating func http(
    method: String, url: String, status: Int, _ request: (inout JSONWriter) -> Void = { _ in }
  ) {
    member("http") { writer in
      writer.member("request") { writer in
        writer.member("method", method)
        writer.member("url", url)
        request(&writer)
      }
      writer.answer(status: status, length: 0)
    }
  }

  private mutating func answer(status: Int, length: UInt64?) {
    member("response") { writer in
      writer.member("status", status)
      if let length { writer.member("content_length", length) }
    }
  }
}
