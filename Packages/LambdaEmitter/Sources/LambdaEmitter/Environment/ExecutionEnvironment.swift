import XRayModel

/// One execution environment: works on one invocation at a time, and lives on between them.
struct ExecutionEnvironment: Sendable {
  /// What does not change: environments are passed on a lot, and so only a reference is.
  private final class Content: Sendable {
    let function: FunctionVersion
    let runtime: any FunctionRuntime
    let daemon: EnvironmentDaemon
    let logStream: String
    let variables: [String: String]

    init(
      function: FunctionVersion, runtime: any FunctionRuntime, daemon: EnvironmentDaemon, logStream: String,
      variables: [String: String]
    ) {
      self.function = function
      self.runtime = runtime
      self.daemon = daemon
      self.logStream = logStream
      self.variables = variables
    }
  }

  private let content: Content
  /// Since when it waits for the next invocation.
  var idleSince: Timestamp

  init(
    function: FunctionVersion, runtime: any FunctionRuntime, daemon: EnvironmentDaemon, logStream: String,
    variables: [String: String], idleSince: Timestamp
  ) {
    content = Content(
      function: function, runtime: runtime, daemon: daemon, logStream: logStream, variables: variables)
    self.idleSince = idleSince
  }

  var runtime: any FunctionRuntime { content.runtime }
  var daemon: EnvironmentDaemon { content.daemon }
  var logStream: String { content.logStream }
  var variables: [String: String] { content.variables }
  /// Changes with each change of the function's configuration or code.
  var revision: Int { content.function.revision }

  /// Whether it can work for `function`.
  func serves(_ function: FunctionVersion) -> Bool {
    content.function.revision == function.revision && content.function.version == function.version
  }

  /// Its time is up: what the function sent until now still passes the daemon.
  func endWork() async {
    await runtime.flush()
    daemon.end()
  }

  func shutDown() async {
    daemon.end()
    await runtime.shutDown()
  }
}
