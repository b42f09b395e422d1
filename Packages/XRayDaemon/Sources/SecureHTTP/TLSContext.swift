import NIOSSL
import Synchronization

/// Which certificates of servers are accepted.
public enum CertificateCheck: Hashable, Sendable {
  /// Those signed by an authority that the machine trusts.
  case system
  /// Those signed by an authority in a PEM file, or in a folder named by hashes as `openssl rehash` makes it.
  case authorities(path: String)
  /// Any, whoever the server is: the daemon's `NoVerifySSL`, for tests and debugging.
  case none
}

/// The settings of TLS with the trusted authorities. They take up to a megabyte, so they are read when first needed.
final class TLSContext: Sendable {
  private let check: CertificateCheck
  private let context = Mutex<NIOSSLContext?>(nil)

  init(_ check: CertificateCheck) { self.check = check }

  var isChecking: Bool { check != .none }

  func get() throws -> NIOSSLContext {
    try context.withLock { context in
      if let context { return context }
      let made = try NIOSSLContext(configuration: configuration)
      context = made
      return made
    }
  }

  private var configuration: TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    switch check {
    case .system: if let folder = HashedAuthorities.find() { configuration.trustRoots = .file(folder) }
    case .authorities(let path): configuration.trustRoots = .file(path)
    case .none: configuration.certificateVerification = .none
    }
    return configuration
  }
}
