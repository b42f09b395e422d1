#if canImport(Glibc)
  @preconcurrency import Glibc
#elseif canImport(Musl)
  @preconcurrency import Musl
#endif

/// The environment of this process.
public enum ProcessEnvironment {
  /// All variables, as they are at the moment of the call.
  public static var current: [String: String] {
    var variables: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
      let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
      entry += 1
    }
    return variables
  }

  /// One variable, as it is at the moment of the call.
  public static func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
