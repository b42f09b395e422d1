import Glibc
import TraceReports

extension APIBench {
  /// Starts servers with new stores, and then again with one that is empty.
  mutating func measureEmptyStarts() throws {
    say("starting with new and empty stores")
    let directory = "\(folder)/empty"
    let new = try measureStarts("new", directory, documents: 0) { TemporaryFolder.remove(directory) }
    targets.judge(.emptyStart, "a new store", new)
    let empty = try measureStarts("empty", directory, documents: 0)
    targets.judge(.emptyStart, "an empty store", empty)
    try measureIdleMemory(directory)
    TemporaryFolder.remove(directory)
  }

  mutating func measureFilledStarts(_ store: FilledStore) throws -> Double {
    say("starting with \(Quantity.count(store.documents)) documents")
    return try measureStarts("filled", store.directory, documents: store.documents)
  }

  /// Returns the median of the milliseconds to ready.
  private mutating func measureStarts(
    _ name: String, _ directory: String, documents: Int, before: () -> Void = {}
  ) throws -> Double {
    var ready: [Double] = []
    var answered: [Double] = []
    var endings: [MeasuredProcess.Ending] = []
    for _ in 0..<effort.starts {
      before()
      let watch = Stopwatch()
      let running = try own.start(data: directory, log: log)
      let health = Loopback.get("/healthz", port: running.port)
      answered.append(watch.cost.wallSeconds * 1e3)
      ready.append(running.readySeconds * 1e3)
      if let ending = running.process?.stop() { endings.append(ending) }
      guard health != nil else { throw Failure.failed("\(running.name) is ready and does not answer") }
    }
    starts.append(
      .text(name), .count(documents), .count(ready.count), .number(ready.median, places: 1),
      .number(ready.max() ?? .nan, places: 1), .number(answered.median, places: 1),
      .number(endings.map { $0.processorSeconds * 1e3 }.median, places: 1),
      .number(endings.map { $0.seconds * 1e3 }.median, places: 1))
    return ready.median
  }

  private mutating func measureIdleMemory(_ directory: String) throws {
    let running = try own.start(data: directory, log: log)
    defer { running.process?.stop() }
    guard Loopback.get("/healthz", port: running.port) != nil else {
      throw Failure.failed("\(running.name) is ready and does not answer")
    }
    usleep(500_000)
    noteMemory("idle, an empty store", documents: 0, running.process)
    targets.judge(.memory, "an empty store", (running.process?.memory.residentBytes ?? .nan) / 1e6)
  }
}
