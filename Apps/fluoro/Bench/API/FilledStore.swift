import Glibc
import XRayModel

/// A store that another process filled with made-up documents, so that its memory is not of this one.
struct FilledStore {
  let directory: String
  let documents: Int
  /// That were asked for; the documents are those of about so many.
  let wantedTraces: Int
  let traces: Int
  let bytes: Int
  /// Of some of the traces.
  let ids: [TraceID]

  /// Documents of a trace, as ``SyntheticTraffic`` makes them.
  private static let documentsPerTrace = 2.92

  /// - Parameter answer: A file for what that process tells.
  init(traces: Int, in directory: String, seed: UInt64, answer: String) throws {
    self.directory = directory
    wantedTraces = traces
    documents = Int((Double(traces) * Self.documentsPerTrace).rounded(.up))
    let descriptor = open(answer, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Failure.failed("cannot write \(answer): \(Console.systemError)") }
    defer { close(descriptor) }
    // This very program.
    let child = try ChildProcess(
      "/proc/self/exe", ["bench", "grow", directory, "--documents", "\(documents)", "--seed", "\(seed)"],
      output: descriptor)
    try child?.wait()
    let json = try JSONValue(parsing: systemText(answer))
    guard let traces = json["traces"]?.number?.integer, let bytes = json["file_bytes"]?.number?.integer,
      let ids = json["ids"]?.array?.compactMap({ $0.string.flatMap { TraceID($0) } }), ids.count >= 5
    else { throw Failure.failed("the process that fills a store did not tell how it went") }
    self.traces = Int(traces)
    self.bytes = Int(bytes)
    self.ids = ids
  }

  /// In which all its traces began, with time to spare.
  var range: Range<Timestamp> { Timestamp.range(around: ids) }
}

extension Timestamp {
  /// Their ids tell when traces began.
  static func range(around ids: [TraceID]) -> Range<Timestamp> {
    let seconds = ids.map { Int64($0.epoch) }
    return Timestamp(seconds: (seconds.min() ?? 0) - 3600)..<Timestamp(seconds: (seconds.max() ?? 0) + 3600)
  }
}
