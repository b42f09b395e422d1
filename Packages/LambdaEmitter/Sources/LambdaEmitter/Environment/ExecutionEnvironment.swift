import XRayModel

/// One execution environment: works on one invocation at a time, and lives on between them.
struct ExecutionEnvironment: Sendable {
  let function: FunctionVersion
  let runtime: any FunctionRuntime
  let daemon: EnvironmentDaemon
  let logStream: String
  let variables: [String: String]
  /// Since when it waits for the next invocation.
  var idleSince: Timestamp

  func shutDown() async {
    daemon.end()
    await runtime.shutDown()
  }
}
