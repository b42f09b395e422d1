import NIOCore
import NIOSSL

/// Whom a certificate must name: the host that was asked for.
///
/// NIOSSL accepts a certificate for the connection's address too. That is the proxy's, or the one that a name server
/// told: neither is whom the request is meant for.
struct ServerIdentity {
  let host: String

  var address: SocketAddress? { try? SocketAddress(ipAddress: host, port: 0) }

  func isNamed(by certificate: NIOSSLCertificate) -> Bool {
    let address = address.map(Self.bytes(of:))
    var hasNames = false
    for name in certificate._subjectAlternativeNames() {
      hasNames = true
      switch name.nameType {
      case .dnsName where address == nil: if matches(String(decoding: name.contents, as: UTF8.self)) { return true }
      case .ipAddress: if let address, address.elementsEqual(name.contents) { return true }
      default: break
      }
    }
    // One without such names has been compared by its common name.
    return !hasNames
  }

  /// `*` stands for the first part of the name.
  private func matches(_ pattern: String) -> Bool {
    var host = host.lowercased()[...]
    if host.last == "." { host = host.dropLast() }
    let pattern = pattern.lowercased()
    guard pattern.hasPrefix("*.") else { return pattern == host }
    let rest = host.drop { $0 != "." }
    return rest.count < host.count && rest == pattern.dropFirst() && rest.dropFirst().contains(".")
  }

  private static func bytes(of address: SocketAddress) -> [UInt8] {
    switch address {
    case .v4(let address): withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
    case .v6(let address): withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
    case .unixDomainSocket: []
    }
  }
}
