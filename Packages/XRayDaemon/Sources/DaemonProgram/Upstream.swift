import AWSAccess
import DaemonOptions
import Logging
import NIOCore
import RemoteSink
import SecureHTTP
import XRayDaemon
import XRayHTTP
import XRayModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The X-Ray APIs that documents go to, as the options name them: region, endpoints, credentials, signatures.
struct Upstream: Sendable {
  let region: String
  let endpoints: [HTTPEndpoint]
  /// One for each endpoint.
  let apis: [XRayAPI]
  let identity: HostIdentity

  /// X-Ray's daemon gives each call 2 seconds (spec daemon.md §1.6).
  private static let deadline = Duration.seconds(2)
  private static let answerLimit = 1 << 20

  init(
    _ options: DaemonOptions, environment: [String: String], version: String, group: any EventLoopGroup
  ) async throws(UpstreamError) {
    var given: [HTTPEndpoint] = []
    for url in options.endpoints {
      guard let endpoint = HTTPEndpoint(url: url) else {
        throw UpstreamError("endpoint \(url): must be http(s)://host[:port][/path]")
      }
      given.append(endpoint)
    }
    let proxies: ProxyRules
    do {
      proxies = try ProxyRules(address: options.proxyAddress, environment: environment)
    } catch {
      throw UpstreamError("\(error)")
    }
    let http = OutgoingHTTP(
      certificates: options.verifiesCertificates ? .system : .none, proxies: proxies, eventLoopGroup: group)
    let surroundings = AWSSurroundings(variables: environment, eventLoopGroup: group) { http.client(for: $0) }
    // Whoever sends to a server of their own need not be on AWS: its metadata services are not looked for.
    let isAtHome = !given.isEmpty && given.allSatisfy { !$0.isSecure }
    let metadata = options.isLocal || isAtHome ? nil : InstanceMetadata(surroundings)

    do {
      region = try await RegionLookup(surroundings, metadata: metadata).region(given: options.region)
    } catch {
      guard isAtHome else { throw UpstreamError("Unable to retrieve a valid region: \(error)") }
      region = "us-east-1"
    }
    if given.isEmpty {
      guard let endpoint = AWSRegion.xrayEndpoint(region) else { throw UpstreamError("there is no region \(region)") }
      given = [endpoint]
    }
    endpoints = given
    identity = await HostIdentity.lookUp(surroundings, metadata: metadata)

    var source: any CredentialSource = CredentialChain.standard(surroundings, metadata: metadata)
    if let role = options.roleARN { source = AssumedRole(role, from: source, region: region, in: surroundings) }
    let credentials = CachedCredentials(source, clock: surroundings.clock)
    let signer = RequestSigner(service: "xray", region: region)
    apis = given.map { endpoint in
      XRayAPI(
        client: http.client(for: endpoint, deadline: Self.deadline, bodyLimit: Self.answerLimit),
        userAgent: Self.userAgent(version, options.executionEnvironment), clock: surroundings.clock
      ) { request in
        do {
          signer.sign(
            &request, to: endpoint, with: try await credentials.credentials(), at: surroundings.clock.now)
        } catch  where !endpoint.isSecure {
          // A server of one's own may not ask for signatures.
        }
      }
    }
  }

  func close() async { for api in apis { await api.client.close() } }

  private static func userAgent(_ version: String, _ executionEnvironment: String) -> String {
    var system = utsname()
    uname(&system)
    func text(_ field: some Any) -> String {
      withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    return "fluoro/\(version) xray-agent/xray-daemon/\(version) exec-env/\(executionEnvironment) "
      + "OS/\(text(system.sysname).lowercased())-\(text(system.machine))"
  }
}

/// Why nothing can be sent anywhere.
struct UpstreamError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
