import LambdaEmitter
import Synchronization
import Testing
import XRayModel

@testable import LambdaAPI

/// A folder with a file of events.
private struct JournalFolder {
  let folder = TemporaryFolder()
  var path: String { folder.path + "/events.journal" }

  func open(compactionBytes: Int = 4 << 20, limit: Int = 1 << 20) throws -> EventJournalFile {
    try EventJournalFile(path: path, liveBytesLimit: limit, compactionBytes: compactionBytes)
  }

  var bytes: [UInt8] {
    get throws {
      let file = try AppendedFile(path: path)
      defer { file.close() }
      return try file.contents(atMost: 1 << 30)
    }
  }

  func write(_ bytes: [UInt8]) throws {
    var file = try AppendedFile(new: path)
    defer { file.close() }
    _ = file.append(bytes)
  }
}

private func event(_ id: String, payload: String = "{}") throws -> AcceptedEvent {
  let json: JSONValue = [
    "request_id": .string(id), "function": "orders", "version": "$LATEST", "payload": .string(payload),
    "trace": [
      "id": "1-65a8f1a0-0123456789abcdef01234567", "sampled": true, "untraced_parent": "0123456789abcdef",
    ],
    "segment_id": "fedcba9876543210", "received_ticks": 17_000_000_000_000_000,
  ]
  return try #require(AcceptedEvent(json: json))
}

private func progress(_ attempts: Int) -> EventProgress {
  var progress = EventProgress()
  progress.attempts = attempts
  progress.next = Timestamp(seconds: 1_700_000_000 + attempts)
  return progress
}

@Suite struct `A file of events` {
  @Test func `has what is not done, in its order, as far as it came`() async throws {
    let place = JournalFolder()
    do {
      let journal = try place.open()
      #expect(journal.takePending().isEmpty)
      for id in ["c", "a", "b"] { try await journal.accept(event(id)) }
      journal.note(progress(1), of: "a")
      journal.finish("c")
      journal.note(progress(2), of: "a")
    }
    for _ in 0..<2 {
      let journal = try place.open()
      #expect(journal.damage == EventJournalFile.Damage())
      let pending = journal.takePending()
      #expect(pending.map(\.requestID) == ["a", "b"])
      #expect(pending.map(\.progress) == [progress(2), EventProgress()])
      #expect(journal.takePending().isEmpty)
    }
    #expect(!place.folder.has("events.journal.part"))
  }

  @Test func `keeps an event as it was`() throws {
    let text = "{\"a\": \"ü\\u0000\\n\\\"\", \"b\" : [1.50, -0]}"
    var writer = JSONWriter()
    try event("x", payload: text).write(to: &writer)
    let json = try JSONValue(parsing: writer.bytes.span)
    #expect(json["payload"]?.string == text)
    var again = JSONWriter()
    try #require(AcceptedEvent(json: json)).write(to: &again)
    #expect(again.bytes == writer.bytes)
  }

  @Test func `is read up to where it was cut off, wherever that is`() async throws {
    let place = JournalFolder()
    do {
      let journal = try place.open()
      for id in ["a", "b"] { try await journal.accept(event(id)) }
    }
    let whole = try place.bytes
    let half = whole.count / 2
    for length in 0..<whole.count {
      try place.write(Array(whole[..<length]))
      let journal = try place.open()
      #expect(journal.takePending().map(\.requestID) == (length < half ? [] : ["a"]))
      #expect(journal.damage == .init(tornBytes: length < half ? length : length - half))
      try await journal.accept(event("c"))
      #expect(try place.open().takePending().last?.requestID == "c")
    }
  }

  @Test func `loses only the record that is damaged, and keeps it beside`() async throws {
    let place = JournalFolder()
    do {
      let journal = try place.open()
      for id in ["a", "b", "c"] { try await journal.accept(event(id)) }
    }
    let whole = try place.bytes
    let third = whole.count / 3
    for offset in third..<2 * third {
      var bytes = whole
      bytes[offset] ^= 0x20
      try place.write(bytes)
      let journal = try place.open()
      #expect(journal.takePending().map(\.requestID) == ["a", "c"])
      #expect(journal.damage == .init(ranges: [third..<2 * third]))
      #expect(place.folder.has("events.journal.damaged"))
      #expect(try place.open().damage == EventJournalFile.Damage())
    }
  }

  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func `is never more than it was, whatever happened to it`(seed: UInt64) async throws {
    let place = JournalFolder()
    let ids = (0..<20).map { "event-\($0)" }
    do {
      let journal = try place.open()
      for id in ids {
        try await journal.accept(event(id))
        journal.note(progress(1), of: id)
      }
    }
    let random = RandomSource(seed: seed)
    func number(below limit: Int) -> Int { min(limit - 1, Int(random.fraction() * Double(limit))) }
    var bytes = try place.bytes
    for _ in 0..<number(below: 30) + 1 {
      guard !bytes.isEmpty else { break }
      let start = number(below: bytes.count)
      let end = min(bytes.count, start + number(below: 100))
      switch number(below: 4) {
      case 0: bytes[start] = UInt8(number(below: 256))
      case 1: bytes.removeSubrange(start..<end)
      case 2: bytes.insert(contentsOf: bytes[start..<end], at: number(below: bytes.count))
      default: bytes.removeSubrange(end...)
      }
    }
    try place.write(bytes)
    let journal = try place.open()
    let pending = journal.takePending().map(\.requestID)
    #expect(Set(pending).isSubset(of: ids) && Set(pending).count == pending.count)
    try await journal.accept(event("new"))
    #expect(try place.open().takePending().map(\.requestID) == pending + ["new"])
  }

  @Test func `becomes small again when most of it is done`() async throws {
    let place = JournalFolder()
    let journal = try place.open(compactionBytes: 20_000)
    try await journal.accept(event("old"))
    journal.note(progress(1), of: "old")
    var largest = 0
    for index in 0..<500 {
      try await journal.accept(event("e\(index)"))
      journal.note(progress(1), of: "e\(index)")
      journal.finish("e\(index)")
      largest = max(largest, journal.bytes)
    }
    #expect(largest < 30_000)
    let pending = try place.open().takePending()
    #expect(pending.map(\.requestID) == ["old"] && pending.first?.progress == progress(1))
  }

  @Test func `takes no more than it has room for`() async throws {
    let place = JournalFolder()
    let journal = try place.open(limit: 10_000)
    var refusal: LambdaError?
    for index in 0..<100 where refusal == nil {
      let event = try event("e\(index)")
      do throws(LambdaError) { try await journal.accept(event) } catch { refusal = error }
    }
    #expect(refusal == LambdaError(throttled: .invocationRate))
    journal.finish("e0")
    try await journal.accept(event("x"))
  }

  @Test func `puts events on disk together that come together`() async throws {
    let place = JournalFolder()
    let journal = try place.open()
    let count = 400
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for caller in 0..<16 {
        group.addTask {
          for index in 0..<count / 16 { try await journal.accept(event("\(caller)-\(index)")) }
        }
      }
      try await group.waitForAll()
    }
    let seconds = start.duration(to: .now)
    print("\(count) events from 16 callers: \(journal.syncs) syncs, \(seconds)")
    #expect(journal.syncs < count)
    #expect(try place.open().takePending().count == count)
  }

  @Test func `that is none, or that cannot be, is refused`() {
    for path in ["/dev/null", "/", "/nowhere/at/all/events.journal"] {
      #expect(throws: EventJournalError.self) { try EventJournalFile(path: path) }
    }
  }
}
