import LambdaEmitter
import XRayModel

/// A function with everything that users have set.
struct StoredFunction: Hashable {
  var latest: StoredVersion
  /// The oldest first; deleted ones leave gaps.
  var published: [StoredVersion] = []
  /// The number of the version that was published last, deleted or not.
  var lastNumber = 0
  /// In the order of their names.
  var aliases: [StoredAlias] = []
  var reservedConcurrency: Int?
  /// What was said about events, by the qualifier that they are sent to: `$LATEST`, a version or an alias.
  var eventInvoke: [String: StoredEventInvoke] = [:]
  var tags: [String: String] = [:]

  var name: String { latest.configuration.name }
  var versions: [StoredVersion] { [latest] + published }

  func alias(_ name: String) -> StoredAlias? { aliases.first { $0.name == name } }

  /// Settings go with the version or the alias that they belong to.
  mutating func forgetSettingsOfNobody() {
    eventInvoke = eventInvoke.filter { version($0.key) != nil }
  }

  /// The version that a qualifier names; of an alias its first.
  func version(_ qualifier: String?) -> StoredVersion? {
    guard let qualifier, qualifier != FunctionName.latest else { return latest }
    let number = alias(qualifier)?.version ?? qualifier
    return number == FunctionName.latest ? latest : published.first { $0.version == number }
  }
}

/// One version of a function.
struct StoredVersion: Hashable {
  var configuration: FunctionConfiguration
  /// `$LATEST` or a number.
  var version = FunctionName.latest
  var code: StoredCode
  var architecture = "x86_64"
  /// 512 to 10,240 MB.
  var storageMegabytes = 512
  var logging = StoredLogging()
  var lastModified: Timestamp
  /// Changes with every change.
  var revisionID: String
  /// What the version was named when it was published; `nil` keeps the configuration's.
  var publishedDescription: String?

  var description: String { publishedDescription ?? configuration.description }

  /// Whether publishing `latest` now would make another version.
  func isSame(as latest: StoredVersion) -> Bool {
    configuration == latest.configuration && code == latest.code && architecture == latest.architecture
      && storageMegabytes == latest.storageMegabytes && logging == latest.logging
  }
}

/// What was said about a function's log. Kept and told; the log itself is always text.
struct StoredLogging: Hashable {
  var format = "Text"
  var applicationLevel: String?
  var systemLevel: String?
  var group: String?
}

struct StoredAlias: Hashable {
  var name: String
  var version: String
  var description = ""
  var weights: [String: Double] = [:]
  var revisionID: String
}

/// What was said about asynchronous events; what was not said is `nil`.
struct StoredEventInvoke: Hashable {
  var maximumRetryAttempts: Int?
  var maximumEventAgeSeconds: Int?
  var onSuccess: String?
  var onFailure: String?
  var lastModified: Timestamp

  var configuration: EventInvokeConfiguration {
    var configuration = EventInvokeConfiguration()
    if let maximumRetryAttempts { configuration.maximumRetryAttempts = maximumRetryAttempts }
    if let maximumEventAgeSeconds { configuration.maximumEventAgeSeconds = maximumEventAgeSeconds }
    configuration.onSuccess = onSuccess
    configuration.onFailure = onFailure
    return configuration
  }
}
