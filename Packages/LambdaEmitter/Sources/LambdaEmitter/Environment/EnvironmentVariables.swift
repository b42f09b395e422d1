import XRayModel

/// The variables of one execution environment, as Lambda sets them.
///
/// `AWS_LAMBDA_RUNTIME_API` is missing: a runtime that has such an API adds its address.
func environmentVariables(
  of function: FunctionVersion, region: String, logStream: String, daemonAddress: DaemonAddress
) -> [String: String] {
  let configuration = function.configuration
  // What users may set themselves comes first, the reserved names last.
  var variables = [
    "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    "AWS_XRAY_DAEMON_ADDRESS": daemonAddress.description,
    "LANG": "en_US.UTF-8",
    "TZ": ":UTC",
    "PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    "LD_LIBRARY_PATH":
      "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
  ]
  for (name, value) in configuration.environment where !name.hasPrefix("_") { variables[name] = value }
  let reserved = [
    "_HANDLER": configuration.handler,
    "LAMBDA_TASK_ROOT": "/var/task",
    "LAMBDA_RUNTIME_DIR": "/var/runtime",
    "AWS_LAMBDA_FUNCTION_NAME": configuration.name,
    "AWS_LAMBDA_FUNCTION_VERSION": function.version,
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": String(configuration.memoryMegabytes),
    "AWS_LAMBDA_LOG_GROUP_NAME": configuration.logGroup,
    "AWS_LAMBDA_LOG_STREAM_NAME": logStream,
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_REGION": region,
    "AWS_DEFAULT_REGION": region,
    // AWS clients refuse to start without credentials; nothing here checks them.
    "AWS_ACCESS_KEY_ID": "simulated",
    "AWS_SECRET_ACCESS_KEY": "simulated",
    "AWS_SESSION_TOKEN": "simulated",
    "_AWS_XRAY_DAEMON_ADDRESS": daemonAddress.host,
    "_AWS_XRAY_DAEMON_PORT": String(daemonAddress.port),
  ]
  variables.merge(reserved) { _, reserved in reserved }
  variables["AWS_LAMBDA_RUNTIME_API"] = nil
  variables["AWS_EXECUTION_ENV"] =
    configuration.runtime.hasPrefix("provided") ? nil : "AWS_Lambda_\(configuration.runtime)"
  return variables
}

/// Where functions find their daemon.
public struct DaemonAddress: Hashable, Sendable, CustomStringConvertible {
  public var host: String
  public var port: Int

  public init(host: String = "127.0.0.1", port: Int = 2000) {
    self.host = host
    self.port = port
  }

  public var description: String { "\(host):\(port)" }
}

extension FunctionConfiguration {
  var logGroup: String { "/aws/lambda/\(name)" }
}
