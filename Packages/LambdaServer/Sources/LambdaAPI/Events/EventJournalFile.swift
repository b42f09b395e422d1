import Glibc
public import LambdaEmitter
import NIOPosix
import Synchronization

/// Accepted events in a file that records are added to: `accepted`, `progress` and `done`, each with its length and its
/// checksum.
///
/// An event is accepted when its record is on disk; those that are accepted at the same time share one `fdatasync`. What
/// becomes of it is written and not waited for: the end of the process loses nothing, a power cut at most how far events
/// had come. Once most of the file is of events that are done, the others are written to a new one in its place.
public final class EventJournalFile: EventJournal {
  /// What was in the file and could not be used.
  public struct Damage: Hashable, Sendable {
    /// Bytes at the end of the file: a record that was being written when the process ended, of an event that nobody was
    /// told is accepted.
    public var tornBytes = 0
    /// Ranges of bytes in the middle of the file. When there are some, the file stays beside the new one, with the ending
    /// `.damaged`.
    public var ranges: [Range<Int>] = []

    /// Whether the file was whole.
    public var isNone: Bool { tornBytes == 0 && ranges.isEmpty }
  }

  /// What all events that are not done may take. Far more than a service takes at a time.
  static let liveBytesLimit = 128 << 20
  /// What is larger was not written here.
  private static let fileBytesLimit = 1 << 30

  public let damage: Damage
  private let limit: Int
  private let state: Mutex<State>

  private struct State {
    var file: AppendedFile
    var pending: [AcceptedEvent]
    var live = LiveRecords()
    /// Their records are written and not yet on disk.
    var waiting: [CheckedContinuation<Acceptance, Never>] = []
    var isSyncing = false
    var syncs = 0
    /// A smaller file is left as it is.
    var compactionBytes: Int

    /// Called where nobody else uses the file's descriptor.
    mutating func compactIfWorthwhile() {
      syncs += 1
      guard file.bytes >= compactionBytes, live.bytes < file.bytes / 2 else { return }
      // One that fails is tried again when the file is twice as large.
      do throws(EventJournalError) { try live.move(to: &file) } catch { compactionBytes = file.bytes * 2 }
    }
  }

  private enum Acceptance { case kept, full, failed }
  private enum Step { case answer(Acceptance), wait, sync }

  /// Opens the file, or makes it; what is done, torn or damaged is no longer in it afterwards.
  ///
  /// - Throws: ``EventJournalError`` when the file cannot be read or written.
  public convenience init(path: String) throws(EventJournalError) {
    try self.init(path: path, liveBytesLimit: Self.liveBytesLimit, compactionBytes: 4 << 20)
  }

  init(path: String, liveBytesLimit: Int, compactionBytes: Int) throws(EventJournalError) {
    limit = liveBytesLimit
    var file = try AppendedFile(path: path)
    let bytes = try file.contents(atMost: Self.fileBytesLimit)
    let content = JournalFrame.content(of: bytes)
    var damage = Damage(tornBytes: content.tornBytes, ranges: content.damaged)
    var live = LiveRecords()
    var events: [String: AcceptedEvent] = [:]
    for range in content.records {
      let place = range.lowerBound - JournalFrame.headBytes..<range.upperBound
      switch JournalRecord(json: bytes[range]) {
      case .accepted(let event):
        live.add(event.requestID, at: place)
        events[event.requestID] = event
      case .progress(let requestID, let progress):
        live.note(progress, of: requestID)
        events[requestID]?.progress = progress
      case .done(let requestID):
        live.remove(requestID)
        events[requestID] = nil
      case nil: damage.ranges.append(place)
      }
    }
    let isClean = damage.isNone && live.bytes == bytes.count
    if !damage.ranges.isEmpty { try Self.keep(bytes, at: path + ".damaged") }
    if !isClean { try live.move(to: &file) }
    self.damage = damage
    let pending = live.inOrder.compactMap { events[$0.key] }
    state = Mutex(State(file: file, pending: pending, live: live, compactionBytes: compactionBytes))
  }

  private static func keep(_ bytes: [UInt8], at path: String) throws(EventJournalError) {
    var copy = try AppendedFile(new: path)
    defer { copy.close() }
    guard copy.append(bytes) != nil else { throw EventJournalError(path: path, detail: "there is no room for it") }
  }

  deinit { state.withLock { $0.file.close() } }

  /// How often something was waited for until it was on disk.
  var syncs: Int { state.withLock { $0.syncs } }
  var bytes: Int { state.withLock { $0.file.bytes } }

  public func takePending() -> [AcceptedEvent] {
    state.withLock { state in
      defer { state.pending = [] }
      return state.pending
    }
  }

  public func accept(_ event: AcceptedEvent) async throws(LambdaError) {
    let record = JournalFrame.framed(JournalRecord.accepted(event).json)
    let acceptance = await withCheckedContinuation { continuation in
      switch enqueue(record, of: event.requestID, continuation) {
      case .answer(let acceptance): continuation.resume(returning: acceptance)
      case .wait: break
      case .sync: NIOThreadPool.singleton.submit { _ in self.sync() }
      }
    }
    switch acceptance {
    case .kept: return
    case .full: throw LambdaError(throttled: .invocationRate)
    case .failed:
      finish(event.requestID)
      throw LambdaError(.service, "The event could not be kept.")
    }
  }

  /// Writes a record, which is on disk when `continuation` is resumed with `kept`.
  private func enqueue(
    _ record: [UInt8], of requestID: String, _ continuation: CheckedContinuation<Acceptance, Never>
  ) -> Step {
    state.withLock { state in
      guard state.live.bytes + record.count <= limit else { return .answer(.full) }
      guard let place = state.file.append(record) else { return .answer(.failed) }
      state.live.add(requestID, at: place)
      state.waiting.append(continuation)
      defer { state.isSyncing = true }
      return state.isSyncing ? .wait : .sync
    }
  }

  /// Puts what is written on disk until nobody waits for it any more. One at a time; it blocks its thread.
  private func sync() {
    while true {
      let (descriptor, waiting) = state.withLock { state in
        defer { state.waiting = [] }
        if state.waiting.isEmpty { state.isSyncing = false }
        return (state.file.descriptor, state.waiting)
      }
      if waiting.isEmpty { return }
      let acceptance: Acceptance = fdatasync(descriptor) == 0 ? .kept : .failed
      for continuation in waiting { continuation.resume(returning: acceptance) }
      state.withLock { $0.compactIfWorthwhile() }
    }
  }

  public func note(_ progress: EventProgress, of requestID: String) {
    let record = JournalFrame.framed(JournalRecord.progress(requestID: requestID, progress).json)
    state.withLock { state in
      state.live.note(progress, of: requestID)
      _ = state.file.append(record)
    }
  }

  public func finish(_ requestID: String) {
    let record = JournalFrame.framed(JournalRecord.done(requestID: requestID).json)
    state.withLock { state in
      state.live.remove(requestID)
      _ = state.file.append(record)
    }
  }
}
