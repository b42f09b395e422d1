import Glibc
import XRayModel

/// Where and when something was measured: figures mean little without it.
struct Machine {
  let processor = systemValue("model name", in: "/proc/cpuinfo") ?? "unknown"
  let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
  let memoryBytes = (systemNumber("MemTotal", in: "/proc/meminfo") ?? 0) << 10
  let kernel: String
  /// The compiler, as `Scripts/bench` passes it on; a program cannot ask which one made it.
  let swift = getenv("FLUORO_BENCH_SWIFT").map { String(cString: $0) } ?? "unknown"
  let date = SystemClock().now
  /// Tasks that wanted a processor in the minute before.
  let load = systemText("/proc/loadavg").split(separator: " ").first.map(String.init) ?? "unknown"
  let isOptimized: Bool

  init() {
    var name = utsname()
    uname(&name)
    kernel = withUnsafeBytes(of: &name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    #if DEBUG
      isOptimized = false
    #else
      isOptimized = true
    #endif
  }

  var text: String {
    """
    \(processor), \(cores) cores, \(memoryBytes >> 30) GiB; Linux \(kernel); Swift \(swift), \
    \(isOptimized ? "release" : "debug") build; \(date.iso8601), load \(load)
    """
  }

  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("processor", processor)
      writer.member("cores", cores)
      writer.member("memory_bytes", memoryBytes)
      writer.member("kernel", kernel)
      writer.member("swift", swift)
      writer.member("build", isOptimized ? "release" : "debug")
      writer.member("date", date.iso8601)
      writer.member("load", load)
    }
  }
}
