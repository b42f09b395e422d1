import ArgumentParser
import DaemonProgram
import Glibc
import Logging
import SQLiteStore
import ServiceServer
import TraceReports
import XRayDaemon
import XRayModel
import XRayService

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "X-Ray and Lambda on one port, with what they work with, until Ctrl-C.",
    discussion: """
      Prints one line with the URL when it is ready. The port takes segments as
      datagrams and over TCP, spans at /v1/traces (OTLP) and /api/v2/spans
      (Zipkin), and questions at /healthz, /readyz, /metrics and /fidelity. As
      --endpoint-url of any AWS SDK or CLI it is X-Ray, Lambda, IAM, SQS, SNS
      and Kinesis: functions run in processes of their own and are traced as
      Lambda traces them. On SIGINT or SIGTERM it finishes what has begun,
      stores what it received, and ends; exit code 1 tells that segments were
      lost.

      On loopback everybody may call; who calls can run code as you. Any other
      address needs --auth, a file with the keys that calls are signed with, or
      with tokens:
        [alice]
        aws_access_key_id = AKIAEXAMPLE
        aws_secret_access_key = wJalrEXAMPLEKEY
        [dashboard]
        bearer_token = a-long-random-word
      Datagrams cannot be signed: with --auth they are taken from this machine
      only, and streams of segments over TCP are not taken.

      EXAMPLES:
        fluoro serve
        fluoro serve --listen 127.0.0.1:3000 --data shop --retention 30d
        fluoro serve --listen 0.0.0.0:2000 --auth keys.ini
        fluoro serve --python lambda/bin/python
        fluoro serve --time-scale 60         retries after 1 and 2 seconds
        aws xray get-service-graph --endpoint-url http://127.0.0.1:2000 …
        AWS_XRAY_DAEMON_ADDRESS=127.0.0.1:2000 python3 app.py    elsewhere
      """)

  @Option(name: .long, help: ArgumentHelp("Where to listen; port 0 takes a free one.", valueName: "host:port"))
  var listen = ListenAddress(host: "127.0.0.1", port: 2000)

  @Option(name: .long, help: ArgumentHelp("Who may call: a file of keys and tokens.", valueName: "file"))
  var auth: String?

  @Flag(name: .long, help: "Let everybody call, also on an address that other machines reach.")
  var insecure = false

  @Option(
    name: .customLong("allow-host"),
    help: ArgumentHelp("A name that clients may call this by, beside localhost and addresses.", valueName: "name"))
  var allowedHosts: [String] = []

  @Option(
    help: ArgumentHelp("The Python that runs functions; it needs the package awslambdaric.", valueName: "path"))
  var python: String?

  @Option(
    help: ArgumentHelp(
      "How much sooner events of functions are tried again and too old: 60 makes 1 s of Lambda's minute (1 to 100,000).",
      valueName: "n"))
  var timeScale = 1

  @Flag(help: "Stop functions between invocations (SIGSTOP), as Lambda does.")
  var freeze = false

  @Option(
    name: .customLong("beyond-aws"),
    help: ArgumentHelp(
      "Trace functions in ways that AWS does not: \(BeyondAWSOption.names).", valueName: "name,…"))
  var beyondAWS = BeyondAWSOption()

  @OptionGroup var retention: RetentionOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    guard (1...100_000).contains(timeScale) else { throw ValidationError("--time-scale takes 1 to 100,000") }
    if auth != nil, insecure { throw ValidationError("--auth and --insecure exclude each other") }
    guard auth == nil, !insecure, !listen.isLoopback else { return }
    throw ValidationError(
      "other machines may reach \(listen.host): name who may call with --auth FILE, or let everybody with --insecure")
  }

  func run() async throws {
    let access = try accessPolicy()
    let store = try store.openForWriting()
    do {
      try await serve(store, access)
      try await store.close()
    } catch {
      try? await store.close()
      throw error
    }
  }

  private func serve(_ store: SQLiteTraceStore, _ access: AccessPolicy) async throws {
    var logger = Logger(label: "fluoro") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .warning
    let service = try service(over: store)
    let serving = try await ServingPorts(
      address: listen, allowedHosts: Set(allowedHosts), access: access, service: service, store: store, logger: logger
    ) { daemon in try lambda(daemon, service.identity, logger) }
    let (server, daemon) = (serving.server, serving.daemon)
    let signals = await SignalStream.of(SIGINT, SIGTERM)
    try Output().writeLine("fluoro: serving \(serving.url) (\(serving.offer)), storing in \(self.store.data)")
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await retention.keep(store) }
        group.addTask { await service.run() }
        group.addTask {
          await withTaskGroup(of: Void.self) { functions in
            functions.addTask { await serving.lambda.run() }
            // From the callers to the store: what one leaves behind the next one still takes.
            for await _ in signals {
              await server.close(deadline: .seconds(5))
              functions.cancelAll()
              await functions.waitForAll()
              daemon.stop()
            }
          }
        }
        try await daemon.run()
        group.cancelAll()
      }
    } catch {
      await server.close(deadline: .zero)
      throw error
    }
    let lost = daemon.ledger.hops.reduce(0) { $0 + $1.droppedTotal }
    if lost > 0 { throw Failure.failed("\(Quantity.count(lost)) documents were lost") }
  }

  /// The service, with its settings beside the store.
  private func service(over store: SQLiteTraceStore) throws -> XRayService {
    do {
      return try XRayService(store: store, directory: self.store.data)
    } catch {
      throw Failure.unreachable("cannot read the settings in \(self.store.data): \(error)")
    }
  }

  private func lambda(_ daemon: Daemon, _ identity: ServiceIdentity, _ logger: Logger) throws -> LocalLambda {
    do {
      return try LocalLambda(
        data: store.data, daemon: daemon, identity: identity, python: Self.program(python ?? "python3"),
        manner: .init(timeScale: timeScale, freezes: freeze, beyondAWS: beyondAWS.options), logger: logger)
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure.unreachable("cannot read the functions in \(store.data): \(error)")
    }
  }

  /// The absolute path of a program; `nil` when there is none. Links are not followed: a virtual environment's Python
  /// knows its packages by where it was called.
  private static func program(_ name: String) -> String? {
    let search = getenv("PATH").map { String(cString: $0) } ?? ""
    let candidates = name.contains("/") ? [name] : search.split(separator: ":").map { "\($0)/\(name)" }
    return candidates.first { Glibc.access($0, X_OK) == 0 }.map(LocalLambda.absolute)
  }

  private func accessPolicy() throws -> AccessPolicy {
    guard let auth else { return .open }
    var status = stat()
    if stat(auth, &status) == 0, status.st_mode & (S_IRGRP | S_IROTH) != 0 {
      Console.say("fluoro: others can read \(auth): chmod 600 it")
    }
    do throws(AccessPolicyError) {
      return try AccessPolicy(file: auth)
    } catch {
      throw Failure(code: error.reason == .unreadable ? 3 : 2, message: "\(error)")
    }
  }
}
