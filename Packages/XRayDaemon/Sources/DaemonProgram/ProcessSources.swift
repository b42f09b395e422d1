public import DaemonOptions

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension OptionSources {
  /// Of this process.
  ///
  /// - Parameter arguments: `nil` takes those of the command line.
  public static func process(program: String, version: String, arguments: [String]? = nil) -> OptionSources {
    var environment: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
      let pair = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if pair.count == 2 { environment[String(pair[0])] = String(pair[1]) }
      entry += 1
    }
    return OptionSources(
      arguments: arguments ?? Array(CommandLine.arguments.dropFirst()), environment: environment,
      hostMemory: sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)), program: program, version: version)
  }
}
