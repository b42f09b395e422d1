import LambdaEmitter
import XRayModel
import XRaySDK

/// Functions that succeed, and the calls they make.
extension Scenario {
  static let gateway = Scenario(
    title: "API Gateway calls a function that stores an object, first cold, then warm", functions: ["create-order"],
    expectations: [Expectation(function: "create-order", traces: 2, attempts: 2)]
  ) { stage in
    try stage.function("create-order", initialization: 310) { function in
      try await function.work(milliseconds: 3)
      try await function.aws(
        .putObject(
          bucket: "orders-bucket", key: "orders/\(function.context.requestID).json", body: function.event.bytes))
      return ["statusCode": 201, "body": "{}"]
    }
    for _ in 1...2 {
      let request = GatewayRequest(method: "POST", path: "/orders", body: Array(#"{"item":"film"}"#.utf8))
      let response = await stage.api.handle(request, with: "create-order")
      guard response.statusCode == 201 else { throw Unexpected("the API answered \(response.statusCode)") }
      try await stage.pause()
    }
  }

  static let listTables = Scenario(
    title: "An asynchronous call: 202 at once, dwell time, one attempt that lists tables", functions: ["list-tables"],
    expectations: [Expectation(function: "list-tables")]
  ) { stage in
    try stage.function("list-tables") { function in
      try await function.aws(.listTables)
      return [:]
    }
    let result = try await stage.lambda.invoke("list-tables", type: .event)
    guard result.statusCode == 202 else { throw Unexpected("an event was answered with \(result.statusCode)") }
  }

  static let uptime = Scenario(
    title: "Is a web page up? The answer becomes an annotation and a row in a table", functions: ["uptime"],
    expectations: [Expectation(function: "uptime")]
  ) { stage in
    try stage.function("uptime", initialization: 260) { function in
      let status = try await function.recorder.withSubsegment("makeRequest") { subsegment in
        let answer = try await function.get("https://aws.amazon.com/")
        subsegment.annotate("responseCode", .number(JSONNumber(answer.status)))
        return answer.status
      }
      try await function.aws(.putItem(table: "amazon-\(status / 100)xx"))
      return ["status": .number(JSONNumber(status))]
    }
    try await stage.lambda.invoke("uptime")
  }

  static let objectStore = Scenario(
    title: "Put and get an object in subsegments of one's own, with annotations", functions: ["object-store"],
    expectations: [Expectation(function: "object-store")]
  ) { stage in
    try stage.function("object-store") { function in
      try await function.recorder.withSubsegment("put_object") { subsegment in
        let answer = try await function.aws(.putObject(bucket: "seed-bucket", key: "k1", body: Array("hello".utf8)))
        subsegment.annotate("put_response", .number(JSONNumber(answer.status)))
      }
      try await function.recorder.withSubsegment("get_object") { subsegment in
        let answer = try await function.aws(.getObject(bucket: "seed-bucket", key: "k1"))
        subsegment.annotate("get_response", .number(JSONNumber(answer.status)))
        subsegment.setMetadata("object", ["bucket": "seed-bucket", "bytes": .number(JSONNumber(answer.contentLength))])
      }
      return ["ok": true]
    }
    try await stage.lambda.invoke("object-store")
  }

  static let myLogic = Scenario(
    title: "A subsegment that is begun and ended by hand", functions: ["my-logic"],
    expectations: [Expectation(function: "my-logic")]
  ) { stage in
    try stage.function("my-logic") { function in
      let subsegment = try function.recorder.beginSubsegment("MyLogic")
      subsegment.annotate("key", "value")
      try await function.work(milliseconds: 40)
      subsegment.end()
      return [:]
    }
    try await stage.lambda.invoke("my-logic")
  }

  static let inventory = Scenario(
    title: "Two queries and a page in parallel tasks", functions: ["inventory"],
    expectations: [Expectation(function: "inventory")]
  ) { stage in
    try stage.function("inventory") { function in
      async let page = function.get("https://inventory.example.com/stock?item=film")
      async let order: Void = function.sql("INSERT INTO orders (item) VALUES ('film')")
      try await function.sql("SELECT count(*) FROM orders")
      try await order
      return ["status": .number(JSONNumber(try await page.status))]
    }
    try await stage.callFromFrontend("inventory", path: "/stock")
  }
}

/// Something that a scenario counts on did not happen.
struct Unexpected: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
