import XRayModel

extension SyntheticTraffic {
  /// Writes the subsegments of an invocation, and what its program says about it.
  ///
  /// - Parameters:
  ///   - nested: The function that is called, and the id of the call.
  ///   - callee: When that function ended.
  func write(
    _ calls: [SyntheticFunction.Call], nested: (function: SyntheticFunction, id: EntityID)?, callee: Timestamp?,
    shape: SyntheticFunction.Shape, _ cursor: inout CallCursor, to writer: inout JSONWriter
  ) {
    if shape == .queue {
      writer.member("annotations") { writer in
        writer.member("tenant", "tenant-\(random.next() % 20)")
        writer.member("items", random.next() % 9 + 1)
        writer.member("express", chance(0.2))
      }
      writer.member("metadata") { writer in
        writer.member("shop") { writer in
          writer.member("basket", "\(random.entityID())")
          writer.member("experiment", "checkout-b")
        }
      }
    }
    writer.elements("subsegments") { writer in
      if shape == .coldStart {
        writer.object { writer in
          let times = cursor.advance(by: span(180))
          writer.head(random.entityID(), "Initialization", times.start, times.end)
        }
      }
      writer.object { writer in
        let start = cursor.advance(by: .zero).start
        let id = random.entityID()
        writer.elements("subsegments") { writer in
          for call in calls {
            if call == .function, let nested {
              write(callOf: nested.function, nested.id, until: callee, &cursor, to: &writer)
            } else {
              write(call, fails: shape == .exception && call == .http, &cursor, to: &writer)
            }
          }
        }
        writer.head(id, "Invocation", start, cursor.advance(by: .microseconds(300)).end)
      }
      writer.object { writer in
        let times = cursor.advance(by: span(1))
        writer.head(random.entityID(), "Overhead", times.start, times.end)
      }
    }
  }

  private func write(
    callOf function: SyntheticFunction, _ id: EntityID, until callee: Timestamp?, _ cursor: inout CallCursor,
    to writer: inout JSONWriter
  ) {
    let duration = callee.map { cursor.time.duration(to: $0) } ?? .zero
    let times = cursor.advance(by: max(duration, .zero) + span(3))
    writer.object { writer in
      writer.head(id, "Lambda", times.start, times.end)
      writer.member("namespace", "aws")
      writer.response(status: 200, length: random.next() % 900)
      writer.member("aws") { writer in
        writer.member("operation", "Invoke")
        writer.member("region", SyntheticFunction.region)
        writer.member("request_id", random.requestID())
        writer.member("function_name", function.name)
      }
    }
  }

  private func write(
    _ call: SyntheticFunction.Call, fails: Bool, _ cursor: inout CallCursor, to writer: inout JSONWriter
  ) {
    let function = cursor.function
    let times = cursor.advance(by: span(12))
    writer.object { writer in
      writer.head(random.entityID(), call.name(in: function), times.start, times.end)
      switch call {
      case .dynamoDB:
        let operation = ["GetItem", "PutItem", "Query", "UpdateItem"][Int(random.next() % 4)]
        writer.awsCall(operation, request: tableRequestID(), "table_name", function.table, length: random.next() % 3000)
      case .s3:
        writer.awsCall(
          "GetObject", request: shortRequestID(), "bucket_name", function.table, length: random.next() % 90000)
      case .sqs:
        let queue =
          "https://sqs.\(SyntheticFunction.region).amazonaws.com/\(SyntheticFunction.account)/\(function.table)"
        writer.awsCall("SendMessage", request: random.requestID(), "queue_url", queue, length: 378)
      case .http:
        writer.member("namespace", "remote")
        if fails { writer.member("fault", true) }
        let url = "https://\(function.host)/v1/\(function.table)/\(random.next() % 100_000)"
        writer.http(method: "POST", url: url, status: fails ? 504 : 200)
      case .sql:
        writer.member("namespace", "remote")
        writer.member("sql") { writer in
          writer.member("url", "postgresql://shop.cluster.example.com:5432/shop")
          writer.member("database_type", "PostgreSQL")
          writer.member("user", "shop")
          writer.member(
            "sanitized_query", "SELECT id, state, total FROM \(function.table.dropFirst(5)) WHERE customer = ?")
        }
      case .local, .function: break
      }
    }
  }

  /// DynamoDB's ids have 52 characters of base 32.
  private func tableRequestID() -> String {
    let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUV".utf8)
    var text: [UInt8] = []
    while text.count < 43 {
      var bits = random.next()
      for _ in 0..<12 where text.count < 43 {
        text.append(digits[Int(bits % 32)])
        bits /= 32
      }
    }
    return String(decoding: text, as: UTF8.self) + "66Q9ASUAA"
  }

  private func shortRequestID() -> String { String("\(random.entityID())".uppercased()) }
}

extension SyntheticFunction.Call {
  fileprivate func name(in function: SyntheticFunction) -> String {
    switch self {
    case .dynamoDB: "DynamoDB"
    case .s3: "S3"
    case .sqs: "SQS"
    case .http: function.host
    case .sql: "shop@shop.cluster.example.com"
    case .local: "## validate"
    case .function: "Lambda"
    }
  }
}

extension JSONWriter {
  fileprivate mutating func awsCall(
    _ operation: String, request: String, _ key: String, _ resource: String, length: UInt64
  ) {
    member("namespace", "aws")
    response(status: 200, length: length)
    member("aws") { writer in
      writer.member("operation", operation)
      writer.member("region", SyntheticFunction.region)
      writer.member("request_id", request)
      writer.member(key, resource)
      writer.member("retries", 0)
    }
  }
}
