import NIOCore
import NIOHTTP1
import XRayModel
public import XRaySDK
public import XRaySampler

/// Sampling rules and targets from an X-Ray daemon, or from whoever answers the API at an address without signatures.
///
/// Its calls are not recorded.
public struct HTTPSamplingService: SamplingService {
  private let client: HTTPClient

  /// Most pages of rules that are read: X-Ray has 26 rules at most, and they come in one.
  static let pageLimit = 20

  public init(client: HTTPClient) { self.client = client }

  /// The daemon's TCP address.
  public init(daemon: DaemonAddress = .default) {
    self.init(
      client: HTTPClient(
        endpoint: HTTPEndpoint(host: daemon.tcp.host, port: Int(daemon.tcp.port)), bodyLimit: 1 << 20))
  }

  /// The daemon at `AWS_XRAY_DAEMON_ADDRESS`, or at 127.0.0.1:2000.
  public init(environment: [String: String]) throws(DaemonAddressError) {
    self.init(daemon: try environment["AWS_XRAY_DAEMON_ADDRESS"].map(DaemonAddress.init(parsing:)) ?? .default)
  }

  /// Rules that cannot be read are left out.
  public func rules() async throws -> [SamplingRuleRecord] {
    var records: [SamplingRuleRecord] = []
    var token: String?
    for _ in 0..<Self.pageLimit {
      var writer = JSONWriter()
      writer.object { writer in
        if let token { writer.member("NextToken", token) }
      }
      let page = try await post(writer.bytes, to: "/GetSamplingRules")
      guard let elements = page["SamplingRuleRecords"]?.array else {
        throw SamplingServiceError(.unreadable, path: "/GetSamplingRules")
      }
      records += elements.compactMap(SamplingRuleRecord.init(json:))
      token = page["NextToken"]?.string
      guard let token, !token.isEmpty else { return records }
    }
    throw SamplingServiceError(.tooManyPages, path: "/GetSamplingRules")
  }

  public func targets(statistics: [SamplingStatistics]) async throws -> SamplingTargets {
    var writer = JSONWriter()
    writer.object { writer in
      writer.key("SamplingStatisticsDocuments")
      writer.array { writer in for report in statistics { report.write(to: &writer) } }
    }
    let path = "/SamplingTargets"
    guard let targets = SamplingTargets(json: try await post(writer.bytes, to: path)) else {
      throw SamplingServiceError(.unreadable, path: path)
    }
    return targets
  }

  private func post(_ body: [UInt8], to path: String) async throws -> JSONValue {
    let response = try await client.execute(
      HTTPRequest(.POST, path: path, headers: ["Content-Type": "application/json"], body: body))
    guard response.status == 200 else { throw SamplingServiceError(.status(response.status), path: path) }
    guard let json = try? JSONValue(parsing: response.body.span) else {
      throw SamplingServiceError(.unreadable, path: path)
    }
    return json
  }
}

/// Why a daemon's answer about sampling is of no use.
public struct SamplingServiceError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    /// Another HTTP status than 200.
    case status(Int)
    /// Not JSON, or not of the expected form.
    case unreadable
    /// The rules do not come to an end.
    case tooManyPages
  }

  public var reason: Reason
  /// What was asked for: `/GetSamplingRules` or `/SamplingTargets`.
  public var path: String

  public init(_ reason: Reason, path: String) {
    self.reason = reason
    self.path = path
  }

  public var description: String {
    switch reason {
    case .status(let status): "\(path) answered with status \(status)"
    case .unreadable: "\(path) answered with something that cannot be read"
    case .tooManyPages: "\(path) has too many pages"
    }
  }
}
