package import XRayModel

/// A query to a database, as its subsegment describes it.
public struct SQLQuery: Hashable, Sendable {
  public enum Preparation: String, Hashable, Sendable {
    case call
    case statement
  }

  public var database: String
  public var host: String
  /// The connection's URL. A password in it is not recorded.
  public var url: String?
  /// The product, as `PostgreSQL`.
  public var databaseType: String?
  public var databaseVersion: String?
  public var driverVersion: String?
  public var user: String?
  public var preparation: Preparation?
  /// Recorded only when `AWS_XRAY_COLLECT_SQL_QUERIES` allows it, and then with `?` for each literal.
  public var text: String?

  public init(database: String, host: String, databaseType: String? = nil, text: String? = nil) {
    self.database = database
    self.host = host
    self.databaseType = databaseType
    self.text = text
  }

  /// The subsegment's name, `database@host`.
  public var name: String { "\(database)@\(host)" }

  package func block(withText: Bool) -> JSONObject {
    var block: JSONObject = [:]
    block["url"] = url.map { .string(CallTarget(url: $0).url) }
    block["database_type"] = databaseType.map { .string($0) }
    block["database_version"] = databaseVersion.map { .string($0) }
    block["driver_version"] = driverVersion.map { .string($0) }
    block["user"] = user.map { .string($0) }
    block["preparation"] = preparation.map { .string($0.rawValue) }
    if withText { block["sanitized_query"] = text.map { .string(sanitized($0)) } }
    return block
  }
}

/// The query with `?` in the place of each text and number, so that no data gets into a trace.
package func sanitized(_ query: String) -> String {
  var result: [UInt8] = []
  let bytes = Array(query.utf8)
  var index = 0
  while index < bytes.count {
    let byte = bytes[index]
    if byte == UInt8(ascii: "'") {
      index = endOfText(bytes, from: index + 1)
      result.append(UInt8(ascii: "?"))
    } else if byte.isDigit, !(result.last?.isPartOfName ?? false) {
      while index < bytes.count, bytes[index].isPartOfName || bytes[index] == UInt8(ascii: ".") { index += 1 }
      result.append(UInt8(ascii: "?"))
    } else {
      result.append(byte)
      index += 1
    }
  }
  return String(decoding: result, as: UTF8.self)
}

/// The position behind the closing quote. A doubled quote and one behind a backslash stand for themselves.
private func endOfText(_ bytes: [UInt8], from start: Int) -> Int {
  var index = start
  while index < bytes.count {
    switch bytes[index] {
    case UInt8(ascii: "\\"): index += 2
    case UInt8(ascii: "'") where index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "'"): index += 2
    case UInt8(ascii: "'"): return index + 1
    default: index += 1
    }
  }
  return bytes.count
}

extension UInt8 {
  fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
  /// Letters, digits, `_` and `$`, and all of UTF-8 beyond ASCII.
  fileprivate var isPartOfName: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
      UInt8(ascii: "$"), 0x80...:
      true
    default: isDigit
    }
  }
}
