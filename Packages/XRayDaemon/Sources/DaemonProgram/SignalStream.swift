// Sources may be used from any thread, but are not marked so.
@preconcurrency import Dispatch

/// Signals as they come.
public enum SignalStream {
  /// Begins to watch; until then a signal does what it does by default. Ends with the task that iterates.
  public static func of(_ numbers: Int32...) async -> AsyncStream<Int32> {
    let (stream, continuation) = AsyncStream<Int32>.makeStream(bufferingPolicy: .bufferingNewest(8))
    var sources: [any DispatchSourceSignal] = []
    for number in numbers {
      let source = DispatchSource.makeSignalSource(signal: number)
      source.setEventHandler { continuation.yield(number) }
      await withCheckedContinuation { watching in
        source.setRegistrationHandler { watching.resume() }
        source.resume()
      }
      sources.append(source)
    }
    let watched = sources
    continuation.onTermination = { _ in for source in watched { source.cancel() } }
    return stream
  }
}
