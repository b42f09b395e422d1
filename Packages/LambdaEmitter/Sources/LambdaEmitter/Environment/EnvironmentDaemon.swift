import Synchronization
import XRayModel

/// The X-Ray daemon in one execution environment: the function's documents pass through it, and it is the first
/// to go when memory runs short.
final class EnvironmentDaemon: SegmentEmitter {
  private enum Status {
    case off, running, terminated
    /// The function's process is gone, and everything in the environment with it.
    case ended
  }

  private struct State {
    var status = Status.off
    var exit: RuntimeExit?
    var usedMegabytes = 0
    var lost = 0
    var passed: PassedDocuments
  }

  private let memoryMegabytes: Int
  /// Whether the function's role lets a daemon put segments, asked for each document.
  private let isPermitted: @Sendable () -> Bool
  private let outlet: Outlet
  private let state: Mutex<State>

  init(
    memoryMegabytes: Int, outlet: Outlet, beyondAWS: BeyondAWS = [], isPermitted: @escaping @Sendable () -> Bool
  ) {
    state = Mutex(State(passed: PassedDocuments(for: beyondAWS)))
    self.memoryMegabytes = memoryMegabytes
    self.outlet = outlet
    self.isPermitted = isPermitted
  }

  /// What the daemon may hold: 16 MB or 3 percent of the function's memory, whichever is more, in whole MB.
  static func budget(memoryMegabytes: Int) -> Int { max(16, (memoryMegabytes * 3 + 99) / 100) }

  /// Starts the daemon unless it ran before: it runs where invocations are traced.
  func start() { state.withLock { if $0.status == .off { $0.status = .running } } }

  /// The most memory that the function said it held.
  var peakMegabytes: Int { state.withLock { $0.usedMegabytes } }
  /// Why the function's process ended, if it did.
  var exit: RuntimeExit? { state.withLock { $0.exit } }

  /// Documents that were lost here since the last call.
  func takeLost() -> Int {
    state.withLock { state in
      defer { state.lost = 0 }
      return state.lost
    }
  }

  /// Nothing leaves the environment from now on.
  func end(_ exit: RuntimeExit? = nil) {
    state.withLock { state in
      // A function that exits after its time was up has timed out.
      guard state.status != .ended else { return }
      state.status = .ended
      state.exit = exit
    }
  }

  func functionUses(megabytes: Int, journal: InvocationJournal) throws(RuntimeExit) {
    let wasTerminated = state.withLock { state in
      state.usedMegabytes = min(max(state.usedMegabytes, megabytes), memoryMegabytes)
      let usable = memoryMegabytes - Self.budget(memoryMegabytes: memoryMegabytes)
      guard state.status == .running, megabytes > usable else { return false }
      state.status = .terminated
      return true
    }
    if wasTerminated {
      journal.write("XRAY daemon terminated: the function uses \(megabytes) of \(memoryMegabytes) MB")
    }
    guard megabytes <= memoryMegabytes else {
      end(.outOfMemory)
      throw .outOfMemory
    }
  }

  func emit(_ document: [UInt8]) {
    var document = document
    let loss: String? = state.withLock { state in
      let loss: String? =
        switch state.status {
        case .off: "no daemon"
        case .running: isPermitted() ? nil : "access denied"
        case .terminated: "daemon terminated"
        case .ended: "environment ended"
        }
      if loss == nil { state.passed.note(&document) } else { state.lost += 1 }
      return loss
    }
    outlet.pass(document, unless: loss)
  }

  /// Counts documents that did not even get here.
  func lose(_ count: Int, because reason: String) {
    state.withLock { $0.lost += count }
    outlet.lose(count, because: reason)
  }

  /// Counts what was sent as a document and is none.
  func refuse(because reason: String) { outlet.refuse(because: reason) }

  /// What an option beyond AWS keeps of the documents that passed.
  func withPassed<Result>(_ body: (inout PassedDocuments) -> Result) -> Result {
    state.withLock { body(&$0.passed) }
  }
}
