import LambdaRuntime
import XRayModel
import XRaySDK

/// Adds up an order: `{"order": "o-1", "items": [{"name": "tea", "price": 4.5, "count": 2}]}`. For trying things out,
/// `"fail": "reason"` fails instead, and `"sleep": seconds` takes its time.
struct Order {
  struct Item {
    var name: String
    var price: Double
    var count: Int
  }

  var id: String
  var items: [Item]
}

struct OrderError: Error, CustomStringConvertible {
  var description: String
}

extension Order {
  init(_ event: JSONValue) throws(OrderError) {
    guard let id = event["order"]?.string else { throw OrderError(description: "the event has no order") }
    self.id = id
    items = []
    for item in event["items"]?.array ?? [] {
      guard let name = item["name"]?.string, let price = item["price"]?.number?.double else {
        throw OrderError(description: "item \(items.count + 1) of order \(id) has no name or no price")
      }
      items.append(Item(name: name, price: price, count: item["count"]?.number?.integer ?? 1))
    }
  }

  var total: Double { items.reduce(0) { $0 + $1.price * Double($1.count) } }
}

await LambdaRuntime.run(
  .json { event, context in
    let order = try Order(event)
    context.logger.info("order \(order.id) has \(order.items.count) items")
    let total = try await context.xray.withSubsegment("price") { price in
      price.annotate("order", .string(order.id))
      price.annotate("items", .number(JSONNumber(order.items.count)))
      if let seconds = event["sleep"]?.number?.double {
        try await Task.sleep(for: .seconds(min(max(seconds, 0), 900)))
      }
      if let reason = event["fail"]?.string { throw OrderError(description: reason) }
      return order.total
    }
    return [
      "order": .string(order.id), "total": .number(JSONNumber(total)),
      // What SDKs of other languages in this process would go by.
      "trace": .string(ProcessEnvironment.value(TraceHeader.environmentName) ?? ""),
    ]
  },
  tracing: [.progressBeforeDeadline, .initialization])
