import LambdaEmitter
import XRayModel

extension StoredVersion {
  /// Writes the function's configuration as the API tells it.
  func write(to writer: inout JSONWriter, arn: String) {
    writer.object { writer in
      writer.member("FunctionName", configuration.name)
      writer.member("FunctionArn", arn)
      writer.member("Runtime", configuration.runtime)
      writer.member("Role", configuration.role)
      writer.member("Handler", configuration.handler)
      writer.member("CodeSize", code.size)
      writer.member("Description", description)
      writer.member("Timeout", configuration.timeoutSeconds)
      writer.member("MemorySize", configuration.memoryMegabytes)
      writer.member("LastModified", lastModified.iso8601.dropLast() + "+0000")
      writer.member("CodeSha256", code.base64)
      writer.member("Version", version)
      if let target = configuration.deadLetterTarget {
        writer.member("DeadLetterConfig", ["TargetArn": .string(target)])
      }
      if !configuration.environment.isEmpty {
        writer.key("Environment")
        writer.object { writer in
          writer.key("Variables")
          writer.map(configuration.environment)
        }
      }
      writer.member("TracingConfig", ["Mode": .string(configuration.tracingMode.rawValue)])
      writer.member("RevisionId", revisionID)
      writer.member("State", "Active")
      writer.member("LastUpdateStatus", "Successful")
      writer.member("PackageType", "Zip")
      writer.member("Architectures", [.string(architecture)])
      writer.member("EphemeralStorage", ["Size": .number(JSONNumber(storageMegabytes))])
      writer.member("SnapStart", ["ApplyOn": "None", "OptimizationStatus": "Off"])
      writer.key("LoggingConfig")
      writer.object { writer in
        writer.member("LogFormat", logging.format)
        if let level = logging.applicationLevel { writer.member("ApplicationLogLevel", level) }
        if let level = logging.systemLevel { writer.member("SystemLogLevel", level) }
        writer.member("LogGroup", logging.group ?? "/aws/lambda/\(configuration.name)")
      }
    }
  }
}

extension StoredAlias {
  func write(to writer: inout JSONWriter, arn: String) {
    writer.object { writer in
      writer.member("AliasArn", arn)
      writer.member("Name", name)
      writer.member("FunctionVersion", version)
      writer.member("Description", description)
      if !weights.isEmpty {
        writer.key("RoutingConfig")
        writer.object { writer in
          writer.key("AdditionalVersionWeights")
          writer.object { writer in
            for (version, weight) in weights.sorted(by: { $0.key < $1.key }) { writer.member(version, weight) }
          }
        }
      }
      writer.member("RevisionId", revisionID)
    }
  }
}

extension StoredEventInvoke {
  func write(to writer: inout JSONWriter, arn: String) {
    writer.object { writer in
      writer.member("LastModified", lastModified.rounded(toTicks: 10_000))
      writer.member("FunctionArn", arn)
      if let count = maximumRetryAttempts { writer.member("MaximumRetryAttempts", count) }
      if let age = maximumEventAgeSeconds { writer.member("MaximumEventAgeInSeconds", age) }
      writer.key("DestinationConfig")
      writer.object { writer in
        for (name, target) in [("OnSuccess", onSuccess), ("OnFailure", onFailure)] {
          writer.key(name)
          writer.object { writer in if let target { writer.member("Destination", target) } }
        }
      }
    }
  }
}
