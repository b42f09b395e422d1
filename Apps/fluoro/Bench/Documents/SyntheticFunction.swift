import XRayModel

/// A made-up Lambda function: how it is called and what it does.
struct SyntheticFunction {
  /// What a kind of function calls while it works.
  enum Shape: CaseIterable {
    case tables, files, page, queue, exception, chain, database, mixed, coldStart
  }

  enum Call: CaseIterable {
    case dynamoDB, s3, sqs, http, sql, local, function
  }

  static let account = "123456789012"
  static let region = "eu-central-1"

  let name: String
  let arn: String
  let table: String
  let host: String
  let api: String
  let shape: Shape
  /// 100 ns units that its SDK rounds times to: 60 % milliseconds (Node.js), 40 % microseconds (Python).
  let step: Int64

  static func all(_ random: RandomSource) -> [SyntheticFunction] {
    let nouns = ["order", "cart", "payment", "stock", "customer", "mail", "search", "price"]
    let verbs = ["Get", "Create", "Update", "List", "Notify"]
    let shapes: [Shape] = [.tables, .page, .queue, .tables, .chain, .database, .files, .mixed, .exception, .coldStart]
    return (0..<nouns.count * verbs.count).map { index in
      let noun = nouns[index % nouns.count]
      let name = "shop-\(noun)\(verbs[index / nouns.count])"
      return SyntheticFunction(
        name: name, arn: "arn:aws:lambda:\(region):\(account):function:\(name)", table: "shop-\(noun)s",
        host: "\(noun).partner.example.com", api: String(random.requestID().prefix(8)) + "ab",
        shape: shapes[index % shapes.count], step: random.fraction() < 0.6 ? 10_000 : 10)
    }
  }
}

extension SyntheticFunction.Shape {
  /// What one invocation calls, in order.
  func calls(_ random: RandomSource) -> [SyntheticFunction.Call] {
    func times(_ range: ClosedRange<Int>) -> Int {
      range.lowerBound + Int(random.fraction() * Double(range.count))
    }
    return switch self {
    case .tables: Array(repeating: .dynamoDB, count: times(2...4))
    case .files: [.s3, .local]
    case .page: [.dynamoDB, .http, .local]
    case .queue: [.dynamoDB, .sqs]
    case .exception: [.dynamoDB, .http]
    case .chain: [.function]
    case .database: Array(repeating: .sql, count: times(2...4))
    case .mixed: (0..<times(5...8)).map { _ in [.dynamoDB, .s3, .sqs, .http, .sql, .local][times(0...5)] }
    case .coldStart: [.local, .dynamoDB]
    }
  }
}
