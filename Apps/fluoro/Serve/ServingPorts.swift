import DaemonServer
import Logging
import SQLiteStore
import ServiceServer
import XRayDaemon
import XRayService

/// The two ports of `serve`, with one number: datagrams in, and everything else over TCP.
struct ServingPorts {
  let daemon: Daemon
  let server: BoundService
  let lambda: LocalLambda
  private let host: String
  private let takesRemoteDatagrams: Bool

  /// A free port for datagrams may be taken for TCP; how many are tried.
  private static let attempts = 10

  /// Binds both.
  ///
  /// - Parameter lambda: Makes the Lambda service that sends its segments to the daemon.
  init(
    address: ListenAddress, allowedHosts: Set<String>, access: AccessPolicy, service: XRayService,
    store: SQLiteTraceStore, logger: Logger, lambda: (Daemon) throws -> LocalLambda
  ) async throws {
    host = address.host
    takesRemoteDatagrams = access.isOpen || address.isLoopback
    var configuration = ServiceServer.Configuration()
    configuration.access = access
    configuration.server.host = address.host
    configuration.server.allowedHosts = allowedHosts
    var attempt = 1
    while true {
      let daemon = try Self.daemon(
        host: takesRemoteDatagrams ? address.host : "127.0.0.1", port: address.port, store: store, logger)
      configuration.server.port = Int(daemon.address.port)
      let lambda = try lambda(daemon)
      do throws(DaemonServerError) {
        server = try await ServiceServer(
          configuration: configuration, service: service, store: store, daemon: daemon, others: lambda.applications,
          logger: logger
        ).start()
        self.daemon = daemon
        self.lambda = lambda
        return
      } catch {
        guard address.port == 0, error.reason == .portTaken, attempt < Self.attempts else {
          throw Failure.unreachable("cannot listen: \(error)")
        }
        attempt += 1
      }
    }
  }

  private static func daemon(
    host: String, port: UInt16, store: SQLiteTraceStore, _ logger: Logger
  ) throws -> Daemon {
    var configuration = Daemon.Configuration()
    configuration.address = DatagramAddress(host: host, port: port)
    // Whoever looks right after sending should find it.
    configuration.batchInterval = .milliseconds(100)
    configuration.batchDocuments = 1000
    do {
      return try Daemon(
        configuration: configuration, destinations: [Daemon.Destination(name: "store", sink: store)], logger: logger)
    } catch {
      throw Failure.unreachable("cannot listen: \(error)")
    }
  }

  /// For a browser on this machine.
  var url: String {
    let host =
      switch host {
      case "0.0.0.0": "127.0.0.1"
      case "::": "[::1]"
      case _ where host.contains(":"): "[\(host)]"
      default: host
      }
    return "http://\(host):\(server.port)/"
  }

  /// What there is.
  var offer: String { "X-Ray, Lambda, OTLP, UDP segments\(takesRemoteDatagrams ? "" : " from this machine")" }
}

extension ListenAddress {
  /// Whether only this machine can reach it.
  var isLoopback: Bool {
    var configuration = ServiceServer.Configuration()
    configuration.server.host = host
    return configuration.server.isLoopback
  }
}
