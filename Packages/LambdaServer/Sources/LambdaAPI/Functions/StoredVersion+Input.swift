import LambdaEmitter

extension StoredVersion {
  /// Takes over what a request says about the configuration; what it does not say stays.
  mutating func apply(_ input: Fields) throws(APIError) {
    if let role = try input.text("Role") { configuration.role = try Self.checkedRole(role) }
    if let runtime = try input.choice("Runtime", of: Self.runtimes) { configuration.runtime = runtime }
    if let handler = try input.text("Handler", 0...128) {
      guard !handler.isEmpty, !handler.unicodeScalars.contains(where: \.properties.isWhitespace) else {
        throw .violation("handler", handler, "Member must satisfy regular expression pattern: [^\\s]+")
      }
      configuration.handler = handler
    }
    if let description = try input.text("Description", 0...256) { configuration.description = description }
    if let seconds = try input.integer("Timeout", 1...900) { configuration.timeoutSeconds = seconds }
    if let megabytes = try input.integer("MemorySize", 128...10_240) { configuration.memoryMegabytes = megabytes }
    if let tracing = try input.object("TracingConfig") {
      let words = TracingMode.allCases.map(\.rawValue)
      if let mode = try tracing.choice("Mode", of: words).flatMap(TracingMode.init) { configuration.tracingMode = mode }
    }
    if let environment = try input.object("Environment") {
      configuration.environment = try Self.checkedVariables(environment.map("Variables") ?? [:])
    }
    if let target = try input.object("DeadLetterConfig") {
      configuration.deadLetterTarget = try Self.checkedTarget(target.text("TargetArn"))
    }
    try apply(architectureOf: input)
    if let storage = try input.object("EphemeralStorage") {
      storageMegabytes = try storage.require("Size", storage.integer("Size", 512...10_240))
    }
    if let logging = try input.object("LoggingConfig") { try self.logging.apply(logging) }
    try Self.refuseUnsupported(input)
  }

  /// Takes over the architecture, which comes with the code as well.
  mutating func apply(architectureOf input: Fields) throws(APIError) {
    guard let architectures = try input.texts("Architectures", count: 1...1) else { return }
    let words = ["x86_64", "arm64"]
    guard let first = architectures.first, words.contains(first) else {
      throw .violation("architectures", "\(architectures)", "Member must satisfy enum value set: \(words)")
    }
    architecture = first
  }

  /// What Lambda has and we have not. Refused, because a function would run otherwise than it was told to.
  private static func refuseUnsupported(_ input: Fields) throws(APIError) {
    for name in [
      "VpcConfig", "Layers", "FileSystemConfigs", "ImageConfig", "CodeSigningConfigArn", "TenancyConfig",
      "CapacityProviderConfig", "DurableConfig", "PublishTo", "AcceleratorConfig",
    ] where input.says(name) {
      throw .invalid("\(name) is not supported here.")
    }
    if let type = try input.choice("PackageType", of: ["Zip", "Image"]), type == "Image" {
      throw .invalid("The package type Image is not supported here.")
    }
    let snapStart = try input.object("SnapStart")?.choice("ApplyOn", of: ["PublishedVersions", "None"])
    if snapStart == "PublishedVersions" { throw .invalid("SnapStart is not supported here.") }
  }

  private static func checkedRole(_ role: String) throws(APIError) -> String {
    let parts = role.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
    let isRole =
      parts.count == 6 && parts[0] == "arn" && parts[1].hasPrefix("aws") && parts[2] == "iam" && parts[3].isEmpty
      && parts[4].utf8.count == 12 && FunctionName.isNumber(String(parts[4])) && parts[5].hasPrefix("role/")
      && parts[5].utf8.count > 5 && role.utf8.count <= 10_000
      && parts[5].utf8.allSatisfy { FunctionName.isWord(String(UnicodeScalar($0))) || "+=,.@/".utf8.contains($0) }
    guard isRole else {
      throw .violation(
        "role", role,
        "Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+"
      )
    }
    return role
  }

  private static func checkedVariables(_ variables: [String: String]) throws(APIError) -> [String: String] {
    for name in variables.keys.sorted() {
      guard name.utf8.count >= 2, let first = name.utf8.first, FunctionName.isWord(name), !name.utf8.contains(0x2D),
        UInt8(ascii: "A") <= first, first != UInt8(ascii: "_")
      else {
        throw .violation(
          "environment.variables", name, "Map keys must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+")
      }
    }
    let reserved = variables.keys.filter(reservedVariables.contains).sorted()
    guard reserved.isEmpty else {
      throw .invalid(
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
          + "contains reserved keys that are currently not supported for modification. Reserved keys used in this "
          + "request: \(reserved.joined(separator: ", "))")
    }
    guard !variables.values.contains(where: { $0.utf8.contains(0) }) else {
      throw .invalid("An environment variable contains a null character.")
    }
    let bytes = variables.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    guard bytes <= FunctionConfiguration.environmentBytesLimit else {
      throw .invalid(
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
          + "exceeded the 4KB limit.")
    }
    return variables
  }

  private static func checkedTarget(_ target: String?) throws(APIError) -> String? {
    guard let target, !target.isEmpty else { return nil }
    guard target.utf8.count <= 350, ["sqs", "sns"].contains(where: { target.hasPrefix("arn:aws:\($0):") }) else {
      throw .invalid("The dead letter target \(target.prefix(200)) must be the ARN of a queue or a topic.")
    }
    return target
  }

  private static let reservedVariables: Set<String> = [
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
  ]

  /// Lambda's service model of 2026. Whether one can run here, the maker of runtimes says.
  static let runtimes: [String] = [
    "nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x", "nodejs14.x",
    "nodejs16.x", "nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x", "nodejs26.x", "java8", "java8.al2",
    "java8.al2023", "java11", "java11.al2023", "java17", "java17.al2023", "java21", "java25", "python2.7", "python3.6",
    "python3.7", "python3.8", "python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14",
    "python3.15", "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1", "dotnet6", "dotnet8",
    "dotnet10", "go1.x", "ruby2.5", "ruby2.7", "ruby3.2", "ruby3.3", "ruby3.4", "ruby4.0", "provided", "provided.al2",
    "provided.al2023",
  ]
}

extension StoredLogging {
  fileprivate mutating func apply(_ input: Fields) throws(APIError) {
    if let format = try input.choice("LogFormat", of: ["Text", "JSON"]) { self.format = format }
    let levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
    if let level = try input.choice("ApplicationLogLevel", of: levels) { applicationLevel = level }
    if let level = try input.choice("SystemLogLevel", of: ["DEBUG", "INFO", "WARN"]) { systemLevel = level }
    guard format == "JSON" || (applicationLevel == nil && systemLevel == nil) else {
      throw .invalid("Log levels need the log format JSON.")
    }
    guard let group = try input.text("LogGroup", 1...512) else { return }
    guard group.utf8.allSatisfy({ FunctionName.isWord(String(UnicodeScalar($0))) || "./#".utf8.contains($0) }) else {
      throw .violation(
        "loggingConfig.logGroup", group, "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+")
    }
    self.group = group
  }
}
