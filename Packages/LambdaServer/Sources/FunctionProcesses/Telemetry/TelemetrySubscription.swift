import XRayModel

/// The two ways to subscribe, which send the same stream in two forms.
enum TelemetryAPI: Hashable {
  /// 2022-07-01.
  case telemetry
  /// 2020-08-15: without traces, spans and the events of initialization.
  case logs
}

/// What an extension subscribes to, and where it wants it.
struct TelemetrySubscription {
  enum Category: String, CaseIterable { case platform, function, `extension` }

  enum Destination: Hashable {
    /// A server of the environment, on 127.0.0.1 as everything here.
    case http(host: String, port: Int, path: String)
    case tcp(port: Int)
  }

  /// When a batch is sent: when one of these is reached.
  struct Buffering: Hashable {
    var items = 1000
    var bytes = 262_144
    var milliseconds = 100

    static let itemsRange = 1000...10_000
    static let bytesRange = 262_144...1_048_576
    static let millisecondsRange = 25...30_000
  }

  let api: TelemetryAPI
  /// Of the extension.
  let name: String
  let schemaVersion: String
  let categories: [Category]
  let destination: Destination
  let buffering: Buffering

  private static let pathBytesLimit = 2048

  /// Reads a request's body.
  init(_ body: [UInt8], api: TelemetryAPI, name: String) throws(ExtensionError) {
    guard let json = try? JSONValue(parsing: body.span), json.object != nil else {
      throw .validation("The body is no JSON object")
    }
    self.api = api
    self.name = name
    let versions =
      switch api {
      case .telemetry: ["2022-07-01", "2022-12-13", "2025-01-29"]
      case .logs: ["2020-08-15", "2021-03-18"]
      }
    switch (json["schemaVersion"], api) {
    case (nil, .logs): schemaVersion = versions[0]
    case (.string(let version)?, _) where versions.contains(version): schemaVersion = version
    default: throw .validation("schemaVersion must be one of \(versions.joined(separator: ", "))")
    }
    categories = try Self.categories(json["types"])
    destination = try Self.destination(json["destination"])
    buffering = try Self.buffering(json["buffering"])
  }

  private static func categories(_ json: JSONValue?) throws(ExtensionError) -> [Category] {
    guard let list = json?.array, !list.isEmpty else { throw .validation("types must be a list that is not empty") }
    var categories: [Category] = []
    for element in list {
      guard let category = element.string.flatMap(Category.init) else {
        throw .validation("types must be of \(Category.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      if !categories.contains(category) { categories.append(category) }
    }
    return categories
  }

  private static func buffering(_ json: JSONValue?) throws(ExtensionError) -> Buffering {
    var buffering = Buffering()
    guard let json else { return buffering }
    guard json.object != nil else { throw .validation("buffering must be an object") }
    func number(_ name: String, _ range: ClosedRange<Int>, _ standard: Int) throws(ExtensionError) -> Int {
      guard let value = json[name] else { return standard }
      guard let number = value.number?.integer, range.contains(number) else {
        throw .validation("\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
      }
      return number
    }
    buffering.items = try number("maxItems", Buffering.itemsRange, buffering.items)
    buffering.bytes = try number("maxBytes", Buffering.bytesRange, buffering.bytes)
    buffering.milliseconds = try number("timeoutMs", Buffering.millisecondsRange, buffering.milliseconds)
    return buffering
  }

  private static func destination(_ json: JSONValue?) throws(ExtensionError) -> Destination {
    switch json?["protocol"]?.string {
    case "HTTP": return try httpDestination(json?["URI"]?.string)
    case "TCP":
      guard let port = json?["port"]?.number?.integer, (1...65_535).contains(port) else {
        throw .validation("destination.port must be a whole number from 1 to 65535")
      }
      return .tcp(port: port)
    default: throw .validation("destination.protocol must be HTTP or TCP")
    }
  }

  private static func httpDestination(_ uri: String?) throws(ExtensionError) -> Destination {
    let scheme = "http://"
    guard let uri, uri.hasPrefix(scheme), uri.utf8.count <= pathBytesLimit,
      uri.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { throw .validation("destination.URI must be http://sandbox.localdomain:PORT/PATH") }
    let rest = uri.dropFirst(scheme.count)
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    let path = rest[authority.endIndex...].prefix { $0 != "#" }
    let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard ["sandbox.localdomain", "sandbox"].contains(parts[0]) else {
      throw .validation("destination.URI must name the host sandbox.localdomain")
    }
    guard let port = parts.count == 1 ? 80 : Int(parts[1]), (1...65_535).contains(port) else {
      throw .validation("destination.URI must have a port from 1 to 65535")
    }
    return .http(host: String(authority), port: port, path: path.hasPrefix("/") ? String(path) : "/\(path)")
  }
}
