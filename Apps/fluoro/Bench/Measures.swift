import Glibc

/// What work costs from a moment on: time on the wall, and time of the processors over all threads of this process.
struct Stopwatch {
  private let wall = ContinuousClock.now
  private let processor = Self.processorSeconds

  var cost: Cost {
    Cost(
      wallSeconds: wall.duration(to: .now) / .seconds(1), processorSeconds: Self.processorSeconds - processor)
  }

  private static var processorSeconds: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.processorSeconds
  }
}

struct Cost {
  var wallSeconds: Double
  var processorSeconds: Double

  func processorMicroseconds(per count: Int) -> Double { processorSeconds * 1e6 / Double(max(count, 1)) }
  func wallMicroseconds(per count: Int) -> Double { wallSeconds * 1e6 / Double(max(count, 1)) }
}

extension rusage {
  var processorSeconds: Double {
    Double(ru_utime.tv_sec + ru_stime.tv_sec) + Double(ru_utime.tv_usec + ru_stime.tv_usec) / 1e6
  }
}

/// The most resident memory that this process has from a moment on.
struct MemoryPeak {
  /// `nil` where the kernel does not let the highest mark be set back.
  init?() {
    let descriptor = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard write(descriptor, "5", 1) == 1 else { return nil }
  }

  var bytes: Int? { systemNumber("VmHWM", in: "/proc/self/status").map { $0 << 10 } }
}

/// Spans of time, for their percentiles.
struct Samples {
  private var seconds: [Double] = []
  private var isSorted = true

  var count: Int { seconds.count }
  /// NaN when there are none.
  var maximum: Double { seconds.max() ?? .nan }

  mutating func append(_ value: Double) {
    seconds.append(value)
    isSorted = false
  }

  /// The smallest sample that at least so large a share of them does not exceed; NaN when there are none.
  mutating func percentile(_ share: Double) -> Double {
    if !isSorted { seconds.sort() }
    isSorted = true
    return seconds.isEmpty ? .nan : seconds[max(0, Int((share * Double(count)).rounded(.up)) - 1)]
  }
}

extension [Double] {
  /// Of an even number of values, the upper of the two in the middle. NaN when there are none.
  var median: Double { isEmpty ? .nan : sorted()[count / 2] }
}

/// The text of a small file, such as those that the kernel describes the machine with; empty when there is none.
func systemText(_ path: String) -> String {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return "" }
  defer { close(descriptor) }
  var text: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 4096)
  while text.count < 1 << 20 {
    let count = read(descriptor, &piece, piece.count)
    guard count > 0 else { break }
    text += piece[..<count]
  }
  return String(decoding: text, as: UTF8.self)
}

/// What stands after `name` and a colon in a small file.
func systemValue(_ name: String, in path: String) -> String? {
  for line in systemText(path).split(separator: "\n") where line.hasPrefix(name) {
    guard let colon = line.firstIndex(of: ":") else { continue }
    return String(line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" })
  }
  return nil
}

/// The digits after `name` and a colon in a small file.
func systemNumber(_ name: String, in path: String) -> Int? {
  systemValue(name, in: path).flatMap { Int($0.prefix { $0.isNumber }) }
}
